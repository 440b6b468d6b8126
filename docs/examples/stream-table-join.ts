import { integer, type StreamsBuilder, string, topic } from '../../index.ts'

/** Units by SKU. */
export const sold = topic('sold', { key: string(), value: integer() })
/** Cents a unit, by SKU: the latest price counts. */
export const prices = topic('prices', { key: string(), value: integer(), cleanupPolicy: 'compact' })
export const turnover = topic('turnover', { key: string(), value: integer() })
export const unpriced = topic('unpriced', { key: string(), value: integer() })

/** Sales at the price of the moment; those without a price are set apart. */
export function priceSales(builder: StreamsBuilder): void {
  const table = builder.table(prices, { name: 'prices' })
  const priced = builder.stream(sold).leftJoin(table, (units, price) => ({ units, price }))
  priced
    .filter((sale) => sale.price !== null)
    .mapValues(({ units, price }) => units * (price ?? 0))
    .to(turnover)
  priced
    .filter((sale) => sale.price === null)
    .mapValues(({ units }) => units)
    .to(unpriced)
}
