import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { noHeaders } from '../../core/record.ts'
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
