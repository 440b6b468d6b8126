import { noHeaders } from '../../../core/record.ts'
import { bytes } from '../../../core/serdes/bytes.ts'
import { PlatformaticClient } from '../../../kafka/platformatic/client.ts'
import type { Figures } from '../case.ts'
import { Cost } from '../cpu.ts'
import { type ClientSettings, clusterOptions } from './client-settings.ts'
import { sales } from './records.ts'

const perTransaction = 100
const raw = bytes()

/** Transactions of 100 records over all partitions, each with input positions, for 5 s. */
export async function transactions(settings: ClientSettings): Promise<Figures> {
  const client = new PlatformaticClient(clusterOptions(settings))
  const records = sales(perTransaction)
  const id = `bench-${process.pid}-${Date.now()}`
  const member = client.group({
    clientId: 'bench',
    groupId: id,
    instanceId: 'one',
    topics: [settings.topic]
  })
  await member.join()
  const producer = await client.transactionalProducer({ clientId: 'bench', transactionalId: id, lingerMs: 0 })
  const topic = await producer.topic(settings.topic)
  let count = 0
  const one = async (): Promise<void> => {
    await producer.begin()
    for (let at = 0; at < perTransaction; at++) {
      const { key, value } = records[at]!
      topic.append(at % topic.partitions, key, 0, key.length, raw, value, 1_700_000_000_000, noHeaders)
    }
    await producer.sendOffsets([{ topic: settings.topic, partition: 0, offset: count, metadata: '' }], member)
    await producer.commit()
    count++
  }
  // the first ones wait for coordinators that are new to all of this
  for (let warm = 0; warm < 20; warm++) await one()
  const before = count
  const cost = new Cost()
  const began = performance.now()
  while (performance.now() - began < 5_000) await one()
  const seconds = (performance.now() - began) / 1000
  const done = count - before
  const figures = { ...cost.of(done * perTransaction), transactionsPerSecond: done / seconds }
  await producer.close()
  await member.close()
  return figures
}
