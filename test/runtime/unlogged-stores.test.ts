import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { integer, type KafkaStreams, StreamsBuilder, StreamsError, string, topic } from '../../index.ts'
import type { CommitPoint } from '../../runtime/task/commit.ts'
import { MemoryApp } from './memory-app.ts'

const input = topic('in', { key: string(), value: integer(), partitions: 1 })
const out = topic('out', { key: string(), value: integer(), partitions: 1 })
const laterOut = topic('later-out', { key: string(), value: integer(), partitions: 1 })
const loggedOut = topic('logged-out', { key: string(), value: integer(), partitions: 1 })

let app: MemoryApp | undefined

afterEach(() => app?.dispose())

/** The last count of three records committed, four in a commit that fails, and one afterwards. */
async function countOver(
  guarantee: 'exactly_once_v2' | 'at_least_once',
  at: CommitPoint | 'the answer of step 4'
): Promise<number | null | undefined> {
  const running = await MemoryApp.create()
  app = running
  const builder = new StreamsBuilder()
  builder.stream(input).groupByKey().count({ name: 'counts', logged: false }).toStream().to(out)
  let failing = false
  let last: CommitPoint | undefined
  const failOnce = (code: 'PRODUCE_FAILED' | 'TRANSACTION_ABORTABLE') => {
    if (!failing) return
    failing = false
    throw new StreamsError(code, 'on purpose')
  }
  if (at === 'the answer of step 4') {
    const make = running.client.transactionalProducer.bind(running.client)
    running.client.transactionalProducer = async (options) => {
      const producer = await make(options)
      const commit = producer.commit.bind(producer)
      producer.commit = async () => {
        await commit()
        failOnce('TRANSACTION_ABORTABLE')
      }
      return producer
    }
  }
  const streams = await running.start(builder.build(), {
    commitIntervalMs: 10,
    processingGuarantee: guarantee,
    onCommitPoint: (point) => {
      last = point
      if (point === at) failOnce('PRODUCE_FAILED')
    }
  })
  await put(running, streams, 3)
  // nothing is left to commit once the positions are, but that commit may have steps to go
  await running.until(streams, () => last === 'after step 5')
  failing = true
  await put(running, streams, 4)
  expect(failing).toBe(false)
  await put(running, streams, 1)
  return running.read(out).at(-1)?.decoded.value
}

async function put(running: MemoryApp, streams: KafkaStreams, times: number): Promise<void> {
  const rows = Array.from({ length: times }, () => ({ key: 'a', value: 1, timestamp: 1 }))
  await running.write(input, rows)
  await running.caughtUp(streams)
}

it.each([
  ['exactly_once_v2', 'after step 4'],
  ['exactly_once_v2', 'the answer of step 4'],
  ['at_least_once', 'after step 3']
] as const)(
  '%s, a commit that fails %s: the store lacks what is committed, and begins empty',
  async (guarantee, at) => {
    expect(await countOver(guarantee, at)).toBe(1)
  }
)

it.each([
  ['exactly_once_v2', 'after step 2'],
  ['exactly_once_v2', 'before step 4'],
  ['at_least_once', 'before step 3']
] as const)('%s, a commit that fails %s: the store goes on from its last commit', async (guarantee, at) => {
  expect(await countOver(guarantee, at)).toBe(8)
})

it('a task that is rebuilt keeps what no changelog has', async () => {
  const running = await MemoryApp.create()
  app = running
  const builder = new StreamsBuilder()
  const records = builder.stream(input).groupByKey()
  records.count({ name: 'counts', logged: false }).toStream().to(out)
  records.count({ name: 'logged-counts' }).toStream().to(loggedOut)
  const streams = await running.start(builder.build(), { commitIntervalMs: 10 })
  await put(running, streams, 3)
  await streams.rebuildTask('0_0')
  await put(running, streams, 1)
  for (const target of [out, loggedOut]) expect(running.read(target).at(-1)?.decoded.value).toBe(4)
})

const guarantees = ['exactly_once_v2', 'at_least_once'] as const

/** Counts in stores without a changelog, of records and of what comes over a repartition topic, which is purged at once. */
function countsOfTwoTasks() {
  const builder = new StreamsBuilder()
  const records = builder.stream(input)
  records.groupByKey().count({ name: 'counts', logged: false }).toStream().to(out)
  const byKey = records.groupBy((_value, key) => key, { name: 'by-key', key: string() })
  byKey.count({ name: 'later-counts', logged: false }).toStream().to(laterOut)
  return builder.build()
}

/** The last counts after so many records more, in a process with that folder. */
async function countIn(
  running: MemoryApp,
  folder: string,
  processingGuarantee: (typeof guarantees)[number],
  times: number
): Promise<unknown[]> {
  const streams = await running.start(countsOfTwoTasks(), {
    commitIntervalMs: 10,
    repartitionPurgeIntervalMs: 10,
    stateDirectory: join(running.stateDirectory, folder),
    processingGuarantee
  })
  await put(running, streams, times)
  await streams.close({ leaveGroup: true })
  return [out, laterOut].map((target) => running.read(target).at(-1)?.decoded.value)
}

it.each(guarantees)('%s, a process that is closed: its stores go on at the next start', async (guarantee) => {
  const running = await MemoryApp.create()
  app = running
  expect(await countIn(running, 'a', guarantee, 3)).toEqual([3, 3])
  expect(await countIn(running, 'a', guarantee, 0)).toEqual([3, 3])
  // a record without a key moves the position on and leaves the stores as they are
  await running.write(input, [{ key: null, value: 1, timestamp: 1 }])
  expect(await countIn(running, 'a', guarantee, 0)).toEqual([3, 3])
  expect(await countIn(running, 'a', guarantee, 1)).toEqual([4, 4])
})

it.each(guarantees)('%s, a task that was elsewhere: what it left is not gone on with', async (guarantee) => {
  const running = await MemoryApp.create()
  app = running
  expect(await countIn(running, 'a', guarantee, 3)).toEqual([3, 3])
  expect(await countIn(running, 'b', guarantee, 4)).toEqual([4, 4])
  expect(await countIn(running, 'a', guarantee, 1)).toEqual([1, 1])
  expect(await countIn(running, 'a', guarantee, 1)).toEqual([2, 2])
  expect(running.log.filter((line) => line.includes('goes on at another position'))).toHaveLength(2)
})
