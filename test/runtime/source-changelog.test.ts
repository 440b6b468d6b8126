import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import { noHeaders } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { json } from '../../core/serdes/json.ts'
import { string } from '../../core/serdes/string.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import { Restorer } from '../../runtime/restore/restorer.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openStore } from '../../state/open-store.ts'
import type { Checkpoint } from '../../state/state-store.ts'

const Price = z.object({ cents: z.int() })
const price: Serde<z.infer<typeof Price>> = json(Price)
const dayMs = 24 * 3_600_000

type Line = readonly [key: string | null, value: string | null] | 'abort'

/** What others wrote: odd spelling, tombstones, no key, what is no price, what was never committed. Each transaction ends with a marker. */
const lines: readonly Line[] = [
  ['a', '{ "cents" : 1 }'], // 0, marker 1
  ['b', '{"cents":2}'], // 2
  [null, '{"cents":3}'], // 4
  ['c', 'no JSON'], // 6
  ['d', '{"cents":"five"}'], // 8
  ['a', null], // 10
  'abort', // 12, 13
  ['e', '{"cents":6}'], // 14
  ['b', '{"cents":7}'], // 16
  ['f', '{"cents":8}'] // 18, marker 19
]

async function restored(options: {
  readonly position: number
  /** Where a store that knows `old` has been. */
  readonly checkpoint?: Partial<Checkpoint>
  readonly begin?: number
  readonly ageMs?: number
  readonly value?: Serde<unknown>
}) {
  const { position } = options
  const clock = new ManualClock(1_000_000)
  const broker = new MemoryBroker(clock)
  const client = new MemoryClient(broker)
  const { id } = broker.createTopicSync('prices', 1)
  const producer = await client.transactionalProducer({
    clientId: 'others',
    transactionalId: 'others',
    transactionTimeoutMs: 1000
  })
  const target = await producer.topic('prices')
  for (const [n, line] of lines.entries()) {
    const [key, value] = line === 'abort' ? ['x', '{"cents":0}'] : line
    await producer.begin()
    const keyBytes = key === null ? null : Buffer.from(key)
    const text = value === null ? null : Buffer.from(value)
    target.append(0, keyBytes, 0, keyBytes?.length ?? 0, bytes(), text, 100 + n, noHeaders)
    await producer.flush()
    if (line === 'abort') await producer.abort()
    else await producer.commit()
  }
  const admin = client.admin('test')
  expect((await admin.listOffsets([{ topic: 'prices', partition: 0 }], 'latest')).get('prices-0')).toBe(20)
  await admin.deleteRecords([{ topic: 'prices', partition: 0, offset: options.begin ?? 0 }])

  const engine = new MemoryEngine('rows')
  const value = options.value ?? (price as Serde<unknown>)
  const store = openStore(
    { kind: 'key-value', name: 'rows', key: string() as Serde<unknown>, value, logged: true, cached: true },
    engine,
    { log: undefined, clock }
  )
  if (options.checkpoint !== undefined) {
    store.put('old', { cents: 0 }, 1)
    store.flush()
    store.commit({ offset: 0, topicId: id, ...options.checkpoint })
  }
  clock.advance(options.ageMs ?? 0)
  const log: string[] = []
  const tell = (line: string) => void log.push(line)
  const restorer = new Restorer({
    kafka: client,
    admin,
    clientId: 'test',
    clock,
    logger: { info: tell, warn: tell, error: tell },
    transactional: false,
    onProgress: () => undefined,
    onIdle: () => undefined
  })
  const source = { key: string() as Serde<unknown>, value, position }
  const job = { task: '0_0', store, topic: 'prices', topicId: id, partition: 0, deleteRetentionMs: dayMs }
  try {
    const count = await restorer.restore([{ ...job, source }])
    const rows = [...store.all()].map((row) => [
      row.key,
      (row.value as { cents: number }).cents,
      row.timestamp
    ])
    return { count, rows, offset: store.checkpoint?.offset, log: log.join('\n'), engine }
  } finally {
    await restorer.close()
  }
}

describe('a store whose changelog is its source topic', () => {
  it('takes what its table took, and nothing from the position on', async () => {
    const { rows, offset, count, log } = await restored({ position: 15 })
    expect(rows).toEqual([
      ['b', 2, 101],
      ['e', 6, 107]
    ])
    expect({ count, offset }).toEqual({ count: 4, offset: 15 })
    expect(log).toContain('"rows": 2 records of prices-0 cannot be read and were passed over')
  })

  it.each([
    [0, []],
    [1, ['a']],
    [2, ['a']],
    [10, ['a', 'b']],
    [11, ['b']],
    [14, ['b']],
    [17, ['b', 'e']],
    [20, ['b', 'e', 'f']],
    // shorter than what was committed: the topic was cut
    [99, ['b', 'e', 'f']]
  ])('up to %i', async (position, keys) => {
    const { rows, offset } = await restored({ position })
    expect(rows.map(([key]) => key)).toEqual(keys)
    expect(offset).toBe(position === 0 ? undefined : Math.min(position, 20))
  })

  it('holds values in the bytes that its serde writes', async () => {
    const { engine } = await restored({ position: 1 })
    expect(engine.getSync(Buffer.from('\x01a'))?.subarray(8).toString()).toBe('{"cents":1}')
  })

  it('goes on from its checkpoint', async () => {
    const { rows, offset, count } = await restored({ position: 17, checkpoint: { offset: 11 } })
    expect(rows).toEqual([
      ['b', 7, 108],
      ['e', 6, 107],
      ['old', 0, 1]
    ])
    expect({ count, offset }).toEqual({ count: 2, offset: 17 })
  })

  it('is left alone where its task goes on, however long ago that was', async () => {
    const found = await restored({ position: 11, checkpoint: { offset: 11 }, ageMs: 30 * dayMs })
    expect(found).toMatchObject({ count: 0, rows: [['old', 0, 1]], log: '' })
  })

  it.each([
    [
      'the topic is another one',
      { checkpoint: { topicId: 'another', offset: 11 } },
      'the topic was made anew'
    ],
    [
      'its task was put back',
      { checkpoint: { offset: 16 } },
      "its task goes on at 15, before the store's 16"
    ],
    [
      'deletions may have been forgotten',
      { checkpoint: { offset: 11 }, ageMs: dayMs },
      'it was last written 24 hours ago'
    ]
  ])('starts over when %s', async (_why, changes, reason) => {
    const { rows, offset, log } = await restored({ position: 15, ...changes })
    expect(rows).toEqual([
      ['b', 2, 101],
      ['e', 6, 107]
    ])
    expect(offset).toBe(15)
    expect(log).toContain(`store "rows" does not fit changelog prices-0 (${reason}`)
  })

  it('starts over when the topic has lost what the store has not seen, or ends before it', async () => {
    const begun = await restored({ position: 17, checkpoint: { offset: 5 }, begin: 12 })
    expect(begun.rows.map(([key]) => key)).toEqual(['b', 'e'])
    expect(begun.log).toContain("it begins at 12, after the store's 5")
    const cut = await restored({ position: 30, checkpoint: { offset: 30 } })
    expect(cut.rows.map(([key]) => key)).toEqual(['b', 'e', 'f'])
    expect(cut.log).toContain("it ends at 20, before the store's 30")
  })

  it('fails for what is no record’s fault', async () => {
    const broken: Serde<unknown> = {
      ...(price as Serde<unknown>),
      decode: () => {
        throw new StreamsError('STORE_CLOSED', 'on purpose')
      }
    }
    await expect(restored({ position: 15, value: broken })).rejects.toThrow('on purpose')
  })
})
