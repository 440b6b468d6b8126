import { z } from 'zod'
import { json, type StreamsBuilder, string, topic } from '../../index.ts'

const Sale = z.object({ store: z.string(), sku: z.string() })
/** By receipt. */
export const sales = topic('sales', { key: string(), value: json(Sale) })
/** Cities by store: small, and needed everywhere. */
export const stores = topic('stores', { key: string(), value: string() })
export const citySales = topic('city-sales', { key: string(), value: string() })

/** Each sale with its store's city. Every process has the whole table, so the sales stay in their partitions. */
export function salesInCities(builder: StreamsBuilder): void {
  const cities = builder.globalTable(stores, { name: 'cities' })
  builder
    .stream(sales)
    .join(
      cities,
      (sale) => sale.store,
      (sale, city) => `${sale.sku} in ${city}`
    )
    .to(citySales)
}
