import { integer, keyValueStore, type Processor, type StreamsBuilder, string, topic } from '../../index.ts'

const MINUTE = 60_000

/** Cents by store. */
export const sales = topic('sales', { key: string(), value: integer() })
export const numbered = topic('numbered', { key: string(), value: string() })
export const silent = topic('silent', { key: string(), value: integer() })

const numbers = keyValueStore({ name: 'numbers', key: string(), value: integer() })
const lastSales = keyValueStore({ name: 'last-sales', key: string(), value: integer() })

/** Numbers the sales of each store, and each minute names the stores that have sold nothing for ten. */
export function watchStores(builder: StreamsBuilder): void {
  const stream = builder.stream(sales)

  stream
    .processValues<string>(
      () => ({
        process(record, context) {
          const counts = context.store(numbers)
          const number = (counts.get(record.key) ?? 0) + 1
          counts.put(record.key, number, record.timestamp)
          context.forward({ ...record, value: `#${number}: ${record.value}` })
        }
      }),
      { stores: [numbers] }
    )
    .to(numbered)
  stream.process(silenceWatch, { stores: [lastSales] }).to(silent)
}

function silenceWatch(): Processor<string, number, string, number> {
  return {
    init(context) {
      const last = context.store(lastSales)
      context.schedule(MINUTE, 'stream', (now) => {
        for (const { key, value } of last.all())
          if (now - value >= 10 * MINUTE) context.forward({ key, value, timestamp: now, headers: [] })
      })
    },
    process({ key, timestamp }, context) {
      context.store(lastSales).put(key, timestamp, timestamp)
    }
  }
}
