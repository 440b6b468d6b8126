import { integer, type StreamsBuilder, string, topic } from '../../index.ts'

/** By SKU: cents a unit, and units on hand. */
export const prices = topic('prices', { key: string(), value: integer() })
export const stock = topic('stock', { key: string(), value: integer() })
export const stockValues = topic('stock-values', { key: string(), value: integer() })

/** What the stock of each SKU is worth. A change of either table changes it; a SKU without a price or stock has no row. */
export function stockValue(builder: StreamsBuilder): void {
  const priceTable = builder.table(prices, { name: 'prices' })
  const stockTable = builder.table(stock, { name: 'stock' })
  priceTable
    .join(stockTable, (price, units) => price * units, { name: 'stock-values', value: integer() })
    .toStream()
    .to(stockValues)
}
