import { z } from 'zod'
import type { LineItem } from './model.ts'
import { amount, businessDay, country } from './model.ts'

/** What the analyses of a store need of a line item of a product. A signed contribution, too. Keyed by `country/storeId`. */
export const StoreSale = z.object({
  country,
  storeId: z.string(),
  sku: z.string(),
  day: businessDay,
  rows: z.int(),
  units: amount,
  /** What was bought together bears the same; null: it cannot be told. */
  basket: z.string().nullable()
})
export type StoreSale = z.infer<typeof StoreSale>

export function storeSale(item: LineItem): StoreSale {
  const { country, storeId, sku, businessDay: day, rows, units } = item
  return { country, storeId, sku, day, rows, units, basket: item.kind === 'sale' ? basketOf(item) : null }
}

/** An invoice; where files have none, what a customer bought on a day. */
function basketOf({ invoice, customerId, businessDay: day }: LineItem): string | null {
  return invoice ?? (customerId === null ? null : `${day} ${customerId}`)
}
