import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StreamsError } from '../../core/errors.ts'
import { headerText, noHeaders, textHeader } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { string } from '../../core/serdes/string.ts'
import { topic } from '../../core/topic.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import type { MemoryProducer } from '../../kafka/memory/memory-producer.ts'
import { SinkTask, type SinkTaskOptions } from '../../runtime/sink-task.ts'
import { RecordingSink } from './recording-sink.ts'

/** Text that does not contain an x. */
const withoutX: Serde<string> = {
  ...string(),
  decode(buffer, start, end) {
    const text = buffer.toString('utf8', start, end)
    if (text.includes('x')) throw new StreamsError('DESERIALIZATION', `${text} contains an x`)
    return text
  }
}
const sales = topic('sales', { key: string(), value: withoutX })
const offsetsOf = [0, 1, 2].map((partition) => ({ topic: 'sales', partition }))

describe('SinkTask', () => {
  let broker: MemoryBroker
  let producer: MemoryProducer
  let sink: RecordingSink<string, string>
  let tasks: SinkTask<string, string>[]

  beforeEach(() => {
    broker = new MemoryBroker()
    broker.createTopicSync('sales', 3)
    broker.createTopicSync('dead', 2)
    producer = new MemoryClient(broker).producerSync({ clientId: 'test' })
    sink = new RecordingSink()
    tasks = []
  })

  afterEach(async () => {
    sink.gate = Promise.resolve()
    for (const task of tasks) await task.close()
  })

  function send(partition: number, ...values: readonly (string | null)[]): void {
    const target = producer.topicSync('sales')
    for (const value of values) {
      const key = Buffer.from(`k${value}`)
      target.append(partition, key, 0, key.length, string(), value, 5, [textHeader('trace', '7')])
    }
    producer.flushSync()
  }

  function optionsOf(changes: Partial<SinkTaskOptions<string, string>>): SinkTaskOptions<string, string> {
    return {
      client: new MemoryClient(broker),
      groupId: 'sink',
      instanceId: 'one',
      topics: [sales],
      sink,
      deadLetters: { topic: 'dead', producer },
      retryMs: { first: 5, most: 20 },
      commitIntervalMs: 10,
      ...changes
    }
  }

  async function started(
    changes: Partial<SinkTaskOptions<string, string>> = {}
  ): Promise<SinkTask<string, string>> {
    const task = new SinkTask(optionsOf(changes))
    tasks.push(task)
    await task.start()
    return task
  }

  function committed(): readonly number[] {
    const found = broker.group('sink').committed(offsetsOf)
    return offsetsOf.map(({ partition }) => found.find((one) => one.partition === partition)?.offset ?? 0)
  }

  function deadLetters(): unknown[] {
    return broker
      .readAll('dead')
      .map(({ key, value, headers }) => [
        String(key),
        value && String(value),
        headerText(headers, 'error.reason')
      ])
      .sort()
  }

  it('closes while it waits for others to join', async () => {
    const client = new MemoryClient(broker)
    const group = client.group.bind(client)
    let joins = 0
    let outdated = false
    client.group = (options) => {
      const member = group(options)
      const join = member.join.bind(member)
      // the others do not come before it closes
      member.join = () => (++joins === 1 ? join() : new Promise(() => undefined))
      member.rejoinNeeded = () => outdated
      return member
    }
    const task = await started({ client })
    outdated = true
    await vi.waitFor(() => expect(joins).toBe(2))
    await task.close({ leave: true })
    expect(sink.closed).toBe(true)
  })

  it('carries records and tombstones of each partition in order, and commits', async () => {
    send(0, 'a', null, 'b')
    send(2, 'c')
    const task = await started({ batchRecords: 2 })
    await vi.waitFor(() => expect(task.progress().written).toBe(4))
    send(0, 'd')
    await vi.waitFor(() => expect(committed()).toEqual([4, 0, 1]))
    expect(sink.written(0)).toEqual([
      ['ka', 'a'],
      ['knull', null],
      ['kb', 'b'],
      ['kd', 'd']
    ])
    expect(
      sink.batches.filter(({ partition }) => partition === 0).map(({ first, next }) => [first, next])
    ).toEqual([
      [0, 2],
      [2, 3],
      [3, 4]
    ])
    expect(sink.batches[0]?.topicId).toBe(broker.findTopic('sales')?.id)
    expect(task.progress().partitions.get('sales-0')).toEqual({
      position: 4,
      queuedBytes: 0,
      lag: 0,
      problem: undefined
    })
  })

  it('cuts batches at the bound in bytes', async () => {
    send(0, 'a'.repeat(50), 'b'.repeat(50), 'c'.repeat(50))
    await started({ batchBytes: 60 })
    await vi.waitFor(() => expect(sink.batches.map(({ records }) => records.length)).toEqual([1, 1, 1]))
  })

  it('sends refused and undecodable records to the dead letters, as the bytes they were', async () => {
    sink.refuse = (value) => (value === 'bad' ? 'bad is not wanted' : undefined)
    send(0, 'good', 'bad', 'x1')
    send(1, 'x2', 'bad')
    const task = await started()
    await vi.waitFor(() => expect(committed().slice(0, 2)).toEqual([3, 2]))
    expect(deadLetters()).toEqual([
      ['sales-0-1', 'bad', 'bad is not wanted'],
      ['sales-0-2', 'x1', 'x1 contains an x'],
      ['sales-1-0', 'x2', 'x2 contains an x'],
      ['sales-1-1', 'bad', 'bad is not wanted']
    ])
    expect(task.progress()).toMatchObject({ written: 1, rejected: 4 })
    const one = broker.readAll('dead').find(({ key }) => String(key) === 'sales-0-2')
    expect(one?.timestamp).toBe(5)
    expect(one?.headers.map(({ key, value }) => [key, String(value)])).toEqual([
      ['trace', '7'],
      ['error.reason', 'x1 contains an x'],
      ['error.sink', 'recording'],
      ['origin.topic', 'sales'],
      ['origin.partition', '0'],
      ['origin.offset', '2'],
      ['origin.key', 'kx1']
    ])
  })

  it('loses no undecodable record to a sink that keeps its position, if its dead letter fails', async () => {
    sink.keepsPositions = true
    send(0, 'a', 'x1', 'b')
    const { deadLetters: _, ...without } = optionsOf({})
    const first = new SinkTask<string, string>(without)
    await first.start()
    expect(await first.failed).toMatchObject({ code: 'PROCESSOR_FAILED' })
    await first.close()
    const second = await started()
    await vi.waitFor(() => expect(second.progress().written).toBe(2))
    expect(deadLetters()).toEqual([['sales-0-1', 'x1', 'x1 contains an x']])
    expect(sink.kept.get('sales-0')).toBe(3)
  })

  it('keeps where a record is that is too large for a dead letter', async () => {
    const large = topic('sales', { key: string(), value: bytes() })
    const target = producer.topicSync('sales')
    target.append(0, null, -1, -1, bytes(), Buffer.alloc(1024 * 1024 - 100), 5, noHeaders)
    producer.flushSync()
    const everything = new RecordingSink<string, Buffer>()
    everything.refuse = () => 'never'
    const task = new SinkTask({
      client: new MemoryClient(broker),
      groupId: 'sink',
      instanceId: 'one',
      topics: [large],
      sink: everything,
      deadLetters: { topic: 'dead', producer }
    })
    await task.start()
    await vi.waitFor(() => expect(deadLetters()).toEqual([['sales-0-0', '', 'never']]))
    await task.close()
    expect(committed()).toEqual([1, 0, 0])
  })

  it('ends at a refused record if there is no place for it', async () => {
    sink.refuse = (value) => (value === 'bad' ? 'bad is not wanted' : undefined)
    send(0, 'bad')
    const task = new SinkTask<string, string>({
      client: new MemoryClient(broker),
      groupId: 'sink',
      instanceId: 'one',
      topics: [sales],
      sink
    })
    tasks.push(task)
    await task.start()
    expect(await task.failed).toMatchObject({
      code: 'PROCESSOR_FAILED',
      message: expect.stringContaining('sales-0 offset 0')
    })
    await task.close()
    expect(committed()).toEqual([0, 0, 0])
    expect(sink.closed).toBe(true)
  })

  it('lets a sink that is away hold up its own partition alone', async () => {
    sink.away.add('sales-0')
    send(0, 'a')
    send(1, 'b')
    const task = await started()
    await vi.waitFor(() => expect(sink.attempts).toBeGreaterThan(3))
    send(0, 'c')
    send(1, 'd')
    await vi.waitFor(() => expect(committed()).toEqual([0, 2, 0]))
    expect(task.progress().partitions.get('sales-0')?.problem).toBe('sales-0 is away')
    sink.away.clear()
    await vi.waitFor(() => expect(committed()).toEqual([2, 2, 0]))
    expect(sink.written(0)).toEqual([
      ['ka', 'a'],
      ['kc', 'c']
    ])
    expect(task.progress().partitions.get('sales-0')?.problem).toBeUndefined()
  })

  it('opens a fenced partition again and reads from where the sink says', async () => {
    const task = await started()
    send(0, 'a', 'b', 'c', 'd')
    await vi.waitFor(() => expect(task.progress().written).toBe(4))
    sink.kept.set('sales-0', 2)
    sink.fenced.add('sales-0')
    send(0, 'e')
    await vi.waitFor(() => expect(committed()[0]).toBe(5))
    expect(sink.opened.filter((name) => name === 'sales-0')).toHaveLength(2)
    expect(sink.written(0).map((entry) => (entry as string[])[1])).toEqual([
      'a',
      'b',
      'c',
      'd',
      'c',
      'd',
      'e'
    ])
  })

  it('goes on after a restart from the committed offset, or from the one the sink keeps', async () => {
    send(0, 'a', 'b')
    send(1, 'c', 'd')
    const first = await started({ commitIntervalMs: 60_000 })
    await vi.waitFor(() => expect(first.progress().written).toBe(4))
    await first.close()
    expect(committed()).toEqual([2, 2, 0])
    send(0, 'e')
    sink = new RecordingSink()
    sink.kept.set('sales-1', 1)
    const second = await started()
    await vi.waitFor(() => expect(second.progress().written).toBe(2))
    expect(sink.written(0)).toEqual([['ke', 'e']])
    expect(sink.written(1)).toEqual([['kd', 'd']])
  })

  it('finishes the batch under way when it is closed, and writes no other', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    sink.gate = promise
    send(0, 'a', 'bad', 'b')
    sink.refuse = (value) => (value === 'bad' ? 'no' : undefined)
    const task = await started({ batchRecords: 2, commitIntervalMs: 60_000 })
    await vi.waitFor(() => expect(sink.attempts).toBe(1))
    const closing = task.close()
    expect(sink.closed).toBe(false)
    resolve()
    await closing
    expect(sink.written(0)).toEqual([
      ['ka', 'a'],
      ['kbad', 'bad']
    ])
    expect(deadLetters()).toHaveLength(1)
    expect(committed()).toEqual([2, 0, 0])
    expect(sink.closed).toBe(true)
  })

  it('closes at once while the sink is away', async () => {
    sink.away.add('sales-0')
    send(0, 'a')
    const task = await started({ retryMs: { first: 60_000, most: 60_000 } })
    await vi.waitFor(() => expect(task.progress().partitions.get('sales-0')?.problem).toBe('sales-0 is away'))
    await task.close()
    expect(committed()).toEqual([0, 0, 0])
  })

  it('fetches no more than it may hold', async () => {
    sink.away.add('sales-0')
    for (let i = 0; i < 40; i++) send(0, 'a'.repeat(100_000))
    const task = await started({ bufferBytes: 1_500_000, batchRecords: 1 })
    await vi.waitFor(() => expect(sink.attempts).toBeGreaterThan(3))
    expect(task.progress().partitions.get('sales-0')?.queuedBytes).toBeLessThan(2_700_000)
    sink.away.clear()
    await vi.waitFor(() => expect(task.progress().written).toBe(40))
  })

  it('ends when another process takes its place in the group', async () => {
    const task = await started()
    send(0, 'a')
    await vi.waitFor(() => expect(task.progress().written).toBe(1))
    const heir = new RecordingSink<string, string>()
    await started({ sink: heir })
    expect(await task.failed).toMatchObject({ code: 'GROUP_FENCED' })
    await task.close()
    send(0, 'b')
    await vi.waitFor(() => expect(heir.written(0)).toContainEqual(['kb', 'b']))
  })

  it('waits beside an active member and takes over when that one leaves', async () => {
    const first = await started()
    const heir = new RecordingSink<string, string>()
    const second = await started({ sink: heir, instanceId: 'two' })
    send(0, 'a')
    await vi.waitFor(() => expect(first.progress().written).toBe(1))
    await first.close({ leave: true })
    send(0, 'b')
    await vi.waitFor(() => expect(second.progress().written).toBe(1))
    expect(heir.written(0)).toEqual([['kb', 'b']])
  })

  it('learns of a topic that is missing from start', async () => {
    broker.deleteTopicSync('sales')
    await expect(started()).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
  })
})
