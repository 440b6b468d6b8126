import { PlatformaticClient } from '../../../kafka/platformatic/client.ts'
import { FetchConsumer } from '../../../kafka/platformatic/consumer.ts'
import type { Figures } from '../case.ts'
import { median } from '../results.ts'
import { type ClientSettings, clusterOptions } from './client-settings.ts'
import { walk } from './consume-ours.ts'
import { appendAll } from './produce-ours.ts'
import { sales } from './records.ts'

export interface MemorySettings extends ClientSettings {
  /** Written to, and cut short by the broker. */
  readonly scratchTopic: string
}

const million = 1e6

/**
 * Memory after 5 M and after 20 M records consumed, and as many produced, in one process; each is the median with a million less and a million
 * more, because buffers that are kept for later, within their bounds, are more at one time than at another.
 */
export async function memory(settings: MemorySettings): Promise<Figures> {
  const options = clusterOptions(settings)
  const records = sales(20_000)
  const producer = await new PlatformaticClient(options).producer({ clientId: 'bench' })
  const topic = await producer.topic(settings.scratchTopic)
  const consumer = new FetchConsumer({ clientId: 'bench' }, options)
  const rss: number[] = []
  for (let millions = 1; millions <= 21; millions++) {
    await appendAll(producer, topic, records, million)
    await producer.flush()
    await walk(consumer, settings, million)
    rss.push(await collected())
  }
  await consumer.close()
  await producer.close()
  const around = (millions: number): number => median(rss.slice(millions - 2, millions + 1))
  const early = around(5)
  const late = around(20)
  return { 'RSS MiB at 5 M': early, 'RSS MiB at 20 M': late, 'growth %': (late / early - 1) * 100 }
}

/** MiB in use after forced collections. */
async function collected(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc')
  for (let times = 0; times < 5; times++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return process.memoryUsage().rss / 1024 / 1024
}
