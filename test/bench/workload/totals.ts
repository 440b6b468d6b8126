import { z } from 'zod'
import type { Line } from './line.ts'

/** What the workloads keep per key. */
export const Totals = z.object({ count: z.int(), units: z.int(), revenue: z.number() })
export type Totals = z.infer<typeof Totals>

export const noTotals = (): Totals => ({ count: 0, units: 0, revenue: 0 })

export const add = (
  { qty, price }: Pick<Line, 'qty' | 'price'>,
  { count, units, revenue }: Totals
): Totals => ({
  count: count + 1,
  units: units + qty,
  revenue: revenue + qty * price
})
