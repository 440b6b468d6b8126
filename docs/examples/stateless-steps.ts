import { z } from 'zod'
import { json, type StreamsBuilder, string, topic } from '../../index.ts'

const Sale = z.object({ sku: z.string(), units: z.int(), cents: z.int() })
export const sales = topic('sales', { key: string(), value: json(Sale) })
export const refunds = topic('refunds', { key: string(), value: json(Sale) })
export const largeSales = topic('large-sales', { key: string(), value: json(Sale) })
export const labels = topic('labels', { key: string(), value: string() })

/** Refunds and large sales have topics of their own; each unit sold needs a new label on the shelf. Keys are stores. */
export function sortSales(builder: StreamsBuilder): void {
  const { refunded, large, usual } = builder
    .stream(sales)
    .filterNot((sale) => sale.units === 0)
    .split()
    .branch((sale) => sale.units < 0, 'refunded')
    .branch((sale) => sale.cents >= 100_000, 'large')
    .defaultBranch('usual')

  refunded.mapValues((sale) => ({ ...sale, units: -sale.units, cents: -sale.cents })).to(refunds)
  large.to(largeSales)
  large
    .merge(usual)
    .flatMapValues(({ sku, units }) => Array.from({ length: units }, (_, n) => `${sku} ${n + 1}/${units}`))
    .map((label, store) => [`${store}/shelf`, label])
    .to(labels)
}
