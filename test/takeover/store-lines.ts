import type { KafkaStreams } from '../../index.ts'

/** The contents of the stores, sorted, in the words of the Java application's `dump`: `store key value timestamp`. */
export function storeLines(streams: KafkaStreams): string[] {
  const lines: string[] = []
  for (const name of ['totals', 'sizes'])
    for (const store of streams.keyValueStores<string, unknown>(name))
      for (const { key, value, timestamp } of store.all())
        lines.push([name, key, JSON.stringify(value), timestamp].join(' '))
  for (const store of streams.windowStores<string, number>('hourly'))
    for (const { key, start, value, timestamp } of store.all())
      lines.push(['hourly', `${key}@${start}`, value, timestamp].join(' '))
  return lines.sort()
}
