import { expect, it } from 'vitest'
import { noHeaders } from '../../core/record.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { string } from '../../core/serdes/string.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import type { Admin } from '../../kafka/port/admin.ts'
import { StreamsMetrics } from '../../runtime/metrics.ts'
import { Restorer } from '../../runtime/restore/restorer.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openStore } from '../../state/open-store.ts'

/** A changelog of ten records and a restorer of it whose metrics are read. */
async function changelog() {
  const broker = new MemoryBroker()
  const client = new MemoryClient(broker)
  const { id } = broker.createTopicSync('changelog', 1)
  const producer = client.producerSync({ clientId: 'task' })
  const target = await producer.topic('changelog')
  for (let n = 0; n < 10; n++) {
    const key = Buffer.from(`k${n}`)
    target.append(0, key, 0, key.length, bytes(), Buffer.from('v'), n, noHeaders)
  }
  await producer.flush()
  return { client, id }
}

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

it('no record remains of a restore that was given up, nor of one that had nothing to do', async () => {
  const { client, id } = await changelog()
  const metrics = new StreamsMetrics('app')
  const admin = client.admin('test')
  // more than there is: the restore waits for it
  let end = 20
  const restorer = new Restorer({
    kafka: client,
    admin: new Proxy(admin, {
      get: (target, name) =>
        name !== 'listOffsets'
          ? Reflect.get(target, name)
          : async (_partitions: unknown, at: Parameters<Admin['listOffsets']>[1]) =>
              new Map([['changelog-0', at === 'latest' ? end : 0]])
    }),
    clientId: 'test',
    clock: { now: () => Date.now() },
    logger: quiet,
    transactional: false,
    onProgress: (progress) => metrics.restored(progress),
    onIdle: (restore) => metrics.restoresNothing(restore)
  })
  const store = openStore(
    { kind: 'key-value', name: 'names', key: string(), value: string(), logged: true, cached: true },
    new MemoryEngine('names'),
    { log: () => undefined }
  )
  const job = {
    task: '0_0',
    store,
    topic: 'changelog',
    topicId: id,
    partition: 0,
    deleteRetentionMs: Number.POSITIVE_INFINITY
  }
  const told = async () => {
    const text = await metrics.registry.metrics()
    const of = (name: string) => new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'm').exec(text)?.[1]
    return [of('streams_restored_records_total'), of('streams_restore_remaining_records')]
  }

  const stop = new AbortController()
  const given = restorer.restore([job], stop.signal)
  const ended = expect(given).rejects.toMatchObject({ code: 'STORE_CLOSED' })
  await expect.poll(() => store.checkpoint?.offset).toBe(10)
  expect((await told())[1]).not.toBe('0')
  stop.abort()
  await ended
  expect(await told()).toEqual(['10', '0'])
  // it comes back with all that there is
  end = 10
  expect(await restorer.restore([job])).toBe(0)
  expect(await told()).toEqual(['10', '0'])
  await restorer.close()

  const fresh = new StreamsMetrics('app')
  fresh.restoresNothing({ store: 'names', task: '0_0', restored: 0 })
  expect(await fresh.registry.metrics()).toMatch(/^streams_restore_remaining_records\{.*\} 0$/m)
})
