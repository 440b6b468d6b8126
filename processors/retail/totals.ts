import type { Totals } from './model.ts'

export const noTotals: Totals = Object.freeze({ rows: 0, units: 0, sales: 0, cost: 0 })

/** What a line item adds to any total. */
export function addSale(
  totals: Totals,
  sale: { readonly units: number; readonly sales: number; readonly cost: number }
): Totals {
  return {
    rows: totals.rows + 1,
    units: totals.units + sale.units,
    sales: totals.sales + sale.sales,
    cost: totals.cost + sale.cost
  }
}
