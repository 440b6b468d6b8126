import { RecordCursor } from '../../../kafka/batch/record-cursor.ts'
import { FetchConsumer } from '../../../kafka/platformatic/consumer.ts'
import type { Figures } from '../case.ts'
import { Cost } from '../cpu.ts'
import { type ClientSettings, clusterOptions } from './client-settings.ts'

/** Walks all records with the cursor and looks at the ranges of keys and values. */
export async function consumeOurs(
  settings: ClientSettings & { readonly connection: 'own' | 'library' }
): Promise<Figures> {
  const internals =
    settings.connection === 'own' ? {} : { connect: (await import('./library-fetch.ts')).libraryFetch }
  const cost = new Cost()
  const consumer = new FetchConsumer({ clientId: 'bench' }, clusterOptions(settings), internals)
  await walk(consumer, settings, settings.records)
  const figures = cost.of(settings.records)
  await consumer.close()
  return figures
}

/** Reads so many records from the beginning of each partition. */
export async function walk(
  consumer: FetchConsumer,
  { topic, partitions }: ClientSettings,
  records: number
): Promise<void> {
  consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })))
  const cursor = new RecordCursor()
  let seen = 0
  let touched = 0
  const deadline = Date.now() + 300_000
  while (seen < records) {
    await consumer.arrival(1_000)
    for (const fetched of consumer.take()) {
      cursor.open(fetched.batches)
      while (cursor.next()) {
        touched += (cursor.buffer[cursor.keyStart] ?? 0) + (cursor.buffer[cursor.valueEnd - 1] ?? 0)
        seen++
      }
      fetched.release?.()
    }
    if (Date.now() > deadline) throw new Error(`${seen} of ${records} records came within 300 s`)
  }
  if (touched === 0 || seen !== records) throw new Error(`${seen} records came, not ${records}`)
}
