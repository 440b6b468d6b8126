import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { noHeaders } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { string } from '../../core/serdes/string.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import { Restorer } from '../../runtime/restore/restorer.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openStore } from '../../state/open-store.ts'
import type { Checkpoint } from '../../state/state-store.ts'

const dayMs = 24 * 3_600_000

/** A changelog of ten records, `k0` to `k9`, and a store that knows one more key, `old`, since its checkpoint. */
async function restored(changes: {
  readonly checkpoint?: Partial<Checkpoint>
  readonly ageMs?: number
  /** Deletes the changelog's records before this offset. */
  readonly begin?: number
  readonly transactional?: boolean
}) {
  const clock = new ManualClock(1_000_000)
  const broker = new MemoryBroker(clock)
  const client = new MemoryClient(broker)
  const { id } = broker.createTopicSync('changelog', 1)
  const producer = client.producerSync({ clientId: 'task' })
  const target = await producer.topic('changelog')
  for (let n = 0; n < 10; n++) {
    const key = Buffer.from(`k${n}`)
    target.append(0, key, 0, key.length, bytes(), Buffer.from(`v${n}`), n, noHeaders)
  }
  await producer.flush()
  const admin = client.admin('test')
  await admin.deleteRecords([{ topic: 'changelog', partition: 0, offset: changes.begin ?? 0 }])

  const text = string()
  const store = openStore(
    { kind: 'key-value', name: 'names', key: text, value: text, logged: true, cached: true },
    new MemoryEngine('names'),
    { log: () => undefined, clock }
  )
  store.put('old', 'x', 1)
  store.flush()
  store.commit({ offset: 6, topicId: id, ...changes.checkpoint })
  clock.advance(changes.ageMs ?? 0)

  const log: string[] = []
  const tell = (line: string) => void log.push(line)
  const restorer = new Restorer({
    kafka: client,
    admin,
    clientId: 'test',
    clock,
    logger: { info: tell, warn: tell, error: tell },
    transactional: changes.transactional ?? false,
    onProgress: () => undefined,
    onIdle: () => undefined
  })
  const count = await restorer.restore([
    { task: '0_0', store, topic: 'changelog', topicId: id, partition: 0, deleteRetentionMs: dayMs }
  ])
  await restorer.close()
  const keys = [...store.all()].map(({ key }) => key)
  return { count, keys, offset: store.checkpoint?.offset, log: log.join('\n') }
}

const tail = ['k6', 'k7', 'k8', 'k9']

describe('a store goes on from its checkpoint', () => {
  it('with the records that came since', async () => {
    expect(await restored({})).toMatchObject({ count: 4, keys: [...tail, 'old'], offset: 10 })
  })

  it('also when the changelog begins right there', async () => {
    expect(await restored({ begin: 6 })).toMatchObject({ count: 4, keys: [...tail, 'old'] })
  })

  it('after almost as long as the changelog keeps tombstones', async () => {
    expect(await restored({ ageMs: dayMs - 1 })).toMatchObject({ count: 4, keys: [...tail, 'old'] })
  })

  it('however long ago that was, if nothing came since', async () => {
    const { log, ...rest } = await restored({ checkpoint: { offset: 10 }, ageMs: 30 * dayMs })
    expect(rest).toEqual({ count: 0, keys: ['old'], offset: 10 })
    expect(log).toBe('')
  })

  it('nor if only the marker of its transaction did', async () => {
    const changes = { checkpoint: { offset: 9 }, ageMs: 30 * dayMs }
    const { log, ...rest } = await restored({ ...changes, transactional: true })
    expect(rest).toEqual({ count: 1, keys: ['k9', 'old'], offset: 10 })
    expect(log).not.toContain('rebuilding it')
    expect((await restored(changes)).log).toContain('rebuilding it')
  })
})

describe('a store starts over, empty, when its changelog', () => {
  it.each([
    ['is another topic of that name', { checkpoint: { topicId: 'another' } }, 'the topic was made anew'],
    ['is shorter than the store', { checkpoint: { offset: 11 } }, "it ends at 10, before the store's 11"],
    [
      'may have forgotten deletions meanwhile',
      { ageMs: dayMs },
      'it was last written 24 hours ago, and tombstones are kept for less'
    ]
  ])('%s', async (_why, changes, reason) => {
    const { count, keys, offset, log } = await restored(changes)
    expect({ count, offset }).toEqual({ count: 10, offset: 10 })
    expect(keys).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', ...tail])
    expect(log).toContain(`store "names" does not fit changelog changelog-0 (${reason}); rebuilding it`)
  })

  it('has lost records that the store has not seen', async () => {
    const { count, keys, log } = await restored({ begin: 7 })
    expect({ count, keys }).toEqual({ count: 3, keys: ['k7', 'k8', 'k9'] })
    expect(log).toContain("it begins at 7, after the store's 6")
  })
})

it('a source topic that is followed is applied up to where its task is, wherever in a batch that may be', async () => {
  const clock = new ManualClock(1_000_000)
  const broker = new MemoryBroker(clock)
  const client = new MemoryClient(broker)
  const { id } = broker.createTopicSync('source', 1)
  const producer = client.producerSync({ clientId: 'others' })
  const target = await producer.topic('source')
  for (let n = 0; n < 10; n++) {
    const key = Buffer.from(`k${n}`)
    target.append(0, key, 0, key.length, bytes(), Buffer.from(`v${n}`), n, noHeaders)
  }
  await producer.flush()
  const serdes = { key: string() as Serde<unknown>, value: string() as Serde<unknown> }
  const store = openStore(
    { kind: 'key-value', name: 'rows', ...serdes, logged: true, cached: true },
    new MemoryEngine('rows'),
    { log: undefined, clock }
  )
  const restorer = new Restorer({
    kafka: client,
    admin: client.admin('test'),
    clientId: 'test',
    clock,
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    transactional: false,
    onProgress: () => undefined,
    onIdle: () => undefined
  })
  const place = { topic: 'source', partition: 0 }
  const source = { ...serdes, position: 4 }
  const job = { ...place, task: '0_0', store, topicId: id, deleteRetentionMs: dayMs, source }
  const told = () => [restorer.position(place), restorer.lag(place), restorer.lagMs(place)]
  const rows = () => [...store.all()].map(({ key }) => key).join()
  const stop = new AbortController()
  const followed = expect(restorer.follow([job], stop.signal)).rejects.toMatchObject({ code: 'STORE_CLOSED' })

  await expect.poll(rows).toBe('k0,k1,k2,k3')
  expect(told()).toEqual([4, 0, 0])
  restorer.goOnTo(place, 7, clock.now() - 5)
  expect(told().slice(0, 2)).toEqual([4, 3])
  await expect.poll(rows).toBe('k0,k1,k2,k3,k4,k5,k6')
  await expect.poll(told).toEqual([7, 0, 5])
  // two answers before it has gone on
  restorer.goOnTo(place, 8, clock.now())
  restorer.goOnTo(place, 10, clock.now())
  await expect.poll(() => store.checkpoint?.offset).toBe(10)
  await expect.poll(told).toEqual([10, 0, 0])
  // further than there is: it waits, and says what it lacks
  restorer.goOnTo(place, 12, clock.now())
  clock.advance(1000)
  expect(told()).toEqual([10, 2, 1000])
  stop.abort()
  await followed
  expect(told()).toEqual([undefined, undefined, undefined])
  await restorer.close()
})
