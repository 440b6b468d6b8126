import { z } from 'zod'
import { integer, json, type StreamsBuilder, string, topic } from '../../index.ts'

const Sale = z.object({ store: z.string(), cents: z.int() })
const Turnover = z.object({ receipts: z.int(), cents: z.int() })
export const sales = topic('sales', { key: string(), value: json(Sale) })
export const turnovers = topic('turnovers', { key: string(), value: json(Turnover) })
export const receipts = topic('receipts', { key: string(), value: integer() })
export const bestSales = topic('best-sales', { key: string(), value: json(Sale) })

/** What each store has sold, how often, and its best sale. */
export function storeFigures(builder: StreamsBuilder): void {
  const byStore = builder.stream(sales).groupBy((sale) => sale.store, { name: 'by-store', key: string() })

  byStore
    .aggregate({
      name: 'turnovers',
      initial: () => ({ receipts: 0, cents: 0 }),
      add: (sale, turnover) => ({ receipts: turnover.receipts + 1, cents: turnover.cents + sale.cents }),
      value: json(Turnover)
    })
    .toStream()
    .to(turnovers)
  byStore.count({ name: 'receipts' }).toStream().to(receipts)
  byStore
    .reduce({ name: 'best-sales', reducer: (sale, best) => (sale.cents > best.cents ? sale : best) })
    .toStream()
    .to(bestSales)
}
