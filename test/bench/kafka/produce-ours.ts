import { setImmediate as turn } from 'node:timers/promises'
import { noHeaders } from '../../../core/record.ts'
import { bytes } from '../../../core/serdes/bytes.ts'
import { PlatformaticClient } from '../../../kafka/platformatic/client.ts'
import type { Producer, ProducerTopic } from '../../../kafka/port/producer.ts'
import type { Figures } from '../case.ts'
import { Cost } from '../cpu.ts'
import { type ClientSettings, clusterOptions } from './client-settings.ts'
import { type RawRecord, sales } from './records.ts'

const raw = bytes()
/** As much as the runtime does in a slice before the event loop has its turn. */
const slice = 5_000

export async function produceOurs(settings: ClientSettings): Promise<Figures> {
  const records = sales(20_000)
  const producer = await new PlatformaticClient(clusterOptions(settings)).producer({ clientId: 'bench' })
  const topic = await producer.topic(settings.topic)
  const cost = new Cost()
  await appendAll(producer, topic, records, settings.records)
  await producer.flush()
  const figures = cost.of(settings.records)
  await producer.close()
  return figures
}

/** Appends so many records, over and over the same ones, to all partitions in turn. */
export async function appendAll(
  producer: Producer,
  topic: ProducerTopic,
  records: readonly RawRecord[],
  count: number
): Promise<void> {
  for (let at = 0; at < count; at++) {
    const { key, value } = records[at % records.length]!
    topic.append(at % topic.partitions, key, 0, key.length, raw, value, 1_700_000_000_000 + at, noHeaders)
    if (at % slice !== slice - 1) continue
    if (producer.hasRoom()) await turn()
    else await producer.room()
  }
}
