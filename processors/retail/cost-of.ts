import { AMOUNT_SCALE, type Product, type Sale } from './model.ts'

/**
 * What a sale cost: what its file says, else its units at the product's unit cost, rounded to whole ten-thousandths; null where neither is
 * known. Charges cost nothing that is known here.
 */
export function costOf(
  { cost, units, productKind }: Pick<Sale, 'cost' | 'units' | 'productKind'>,
  product: Pick<Product, 'unitCost'> | null
): number | null {
  if (cost !== null) return cost
  const unitCost = product?.unitCost ?? null
  if (unitCost === null || productKind === 'charge') return null
  // a row and its retraction are rounded alike
  const value = Math.round((Math.abs(units) * unitCost) / AMOUNT_SCALE)
  return units < 0 && value !== 0 ? -value : value
}
