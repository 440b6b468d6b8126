import { afterEach, beforeEach, expect, it } from 'vitest'
import { type KafkaStreams, StreamsBuilder, string, topic } from '../../index.ts'
import { MemoryApp } from './memory-app.ts'

const words = topic('words', { key: string(), value: string(), partitions: 2 })
const counts = topic('counts', { key: string(), value: string(), partitions: 2 })
let app: MemoryApp

beforeEach(async () => {
  app = await MemoryApp.create()
})

afterEach(() => app.dispose())

/** Values by their labels without that of the application. */
async function values(streams: KafkaStreams, name: string): Promise<Record<string, number>> {
  const text = await streams.metrics.registry.metrics()
  const found = text.split('\n').filter((line) => line.startsWith(`${name}{`))
  return Object.fromEntries(
    found.map((line) => {
      const [labels = '', value] = line.slice(name.length + 1).split('} ')
      expect(labels).toContain('application="app"')
      return [labels.replace(/,?application="app"/, ''), Number(value)]
    })
  )
}

function sum(found: Record<string, number>): number {
  return Object.values(found).reduce((all, one) => all + one, 0)
}

function graph(reducer = (a: string, b: string) => (a > b ? a : b)) {
  const builder = new StreamsBuilder()
  builder
    .stream(words)
    .filter((word) => word !== 'no')
    .groupByKey()
    .reduce({ name: 'greatest', reducer })
    .toStream()
    .to(counts)
  return builder.build()
}

it('counts what happened, by task and by step, exactly', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({
    key: `k${i % 10}`,
    value: i % 4 === 0 ? 'no' : `v${i}`,
    timestamp: Date.now() - 120_000
  }))
  await app.write(words, rows)
  const streams = await app.start(graph())
  await app.caughtUp(streams)

  const processed = await values(streams, 'streams_records_processed_total')
  expect(Object.keys(processed).sort()).toEqual(['task="0_0"', 'task="0_1"'])
  expect(sum(processed)).toBe(100)
  expect(sum(await values(streams, 'streams_bytes_consumed_total'))).toBeGreaterThan(1_000)
  const nodes = await values(streams, 'streams_node_records_total')
  const outputs = app.read(counts).length
  expect(nodes).toMatchObject({
    'subtopology="0",node="words-filter"': 100,
    'subtopology="0",node="greatest-aggregate"': 75,
    'subtopology="0",node="to-counts"': outputs
  })
  expect(await values(streams, 'streams_state')).toEqual({
    'streams_state="CREATED"': 0,
    'streams_state="REBALANCING"': 0,
    'streams_state="RUNNING"': 1,
    'streams_state="PENDING_SHUTDOWN"': 0,
    'streams_state="NOT_RUNNING"': 0,
    'streams_state="ERROR"': 0
  })
  expect(await values(streams, 'streams_tasks')).toEqual({
    'role="active"': 2,
    'role="standby"': 0,
    'role="warmup"': 0
  })
  expect(await values(streams, 'streams_task_lag_records')).toEqual({ 'task="0_0"': 0, 'task="0_1"': 0 })
  expect(await values(streams, 'streams_task_lag_seconds')).toEqual({ 'task="0_0"': 0, 'task="0_1"': 0 })
  expect(sum(await values(streams, 'streams_store_buffer_bytes'))).toBeGreaterThan(0)
  expect(sum(await values(streams, 'streams_rebalances_total'))).toBe(1)
  // all of them are two minutes old: over 60 s, not over 600
  const ages = await values(streams, 'streams_record_age_seconds_bucket')
  expect(ages['le="60",subtopology="0"'] ?? ages['subtopology="0",le="60"']).toBe(0)
  expect(ages['le="600",subtopology="0"'] ?? ages['subtopology="0",le="600"']).toBeGreaterThan(0)
  const times = await values(streams, 'streams_thread_seconds_total')
  expect(Object.keys(times).sort()).toEqual(
    ['commit', 'idle', 'maintain', 'other', 'process', 'punctuate'].map((name) => `activity="${name}"`)
  )
  expect(times['activity="commit"']).toBeGreaterThan(0)
  expect(sum(await values(streams, 'streams_thread_blocked_seconds_total'))).toBeGreaterThan(0)
})

it('tells how many records wait, how old they are, and what a restore applied', async () => {
  const row = (i: number) => ({ key: `k${i}`, value: 'v', timestamp: Date.now() - 50_000 })
  await app.write(
    words,
    Array.from({ length: 40 }, (_, i) => row(i))
  )
  const first = await app.start(graph())
  await app.caughtUp(first)
  await first.close({ leaveGroup: true })
  await app.deleteState()

  // a record that fails ends the application: what it has counted until then is still there
  const second = await app.start(
    graph(() => {
      throw new Error('it fails')
    })
  )
  await app.until(second, async () => second.state === 'RUNNING')
  expect(sum(await values(second, 'streams_restored_records_total'))).toBe(40)
  expect(sum(await values(second, 'streams_restore_remaining_records'))).toBe(0)
  await app.write(words, [row(1)])
  await expect(second.finished).rejects.toMatchObject({ code: 'PROCESSOR_FAILED' })
  const failures = await values(second, 'streams_failures_total')
  expect(failures['code="PROCESSOR_FAILED"']).toBe(1)
  expect(sum(failures)).toBe(1)
  expect((await values(second, 'streams_state'))['streams_state="ERROR"']).toBe(1)
})
