import { z } from 'zod'

/** A line item of the peer's generator. */
export const Line = z.object({
  country: z.string(),
  storeId: z.string(),
  sku: z.string(),
  qty: z.int(),
  price: z.number(),
  ts: z.int(),
  invoice: z.string(),
  category: z.string(),
  description: z.string()
})
export type Line = z.infer<typeof Line>
