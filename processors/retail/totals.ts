import type { Totals } from './ledgers.ts'
import type { Sale } from './model.ts'

export const noTotals: Totals = Object.freeze({
  rows: 0,
  units: 0,
  gross: 0,
  returns: 0,
  discount: 0,
  net: 0,
  charges: 0,
  cost: 0,
  uncosted: 0
})

/** What a total needs to know of a line item. */
export type Contribution = Pick<
  Sale,
  'rows' | 'units' | 'sales' | 'discount' | 'cost' | 'kind' | 'productKind'
>

/** The totals with one line item more, or less: it bears its sign. */
export function addItem(totals: Totals, item: Contribution): Totals {
  const { rows, sales, discount, cost } = item
  const charge = item.productKind === 'charge'
  const undiscounted = sales + discount
  const returned = item.kind === 'return'
  return {
    rows: totals.rows + rows,
    units: totals.units + (charge ? 0 : item.units),
    gross: totals.gross + (returned ? 0 : undiscounted),
    returns: totals.returns - (returned ? undiscounted : 0),
    discount: totals.discount + discount,
    net: totals.net + sales,
    charges: totals.charges + (charge ? sales : 0),
    cost: totals.cost + (cost ?? 0),
    uncosted: totals.uncosted + (cost === null && !charge ? rows : 0)
  }
}

export function plus(a: Totals, b: Totals): Totals {
  return combined(a, b, 1)
}

export function minus(a: Totals, b: Totals): Totals {
  return combined(a, b, -1)
}

function combined(a: Totals, b: Totals, sign: 1 | -1): Totals {
  return {
    rows: a.rows + sign * b.rows,
    units: a.units + sign * b.units,
    gross: a.gross + sign * b.gross,
    returns: a.returns + sign * b.returns,
    discount: a.discount + sign * b.discount,
    net: a.net + sign * b.net,
    charges: a.charges + sign * b.charges,
    cost: a.cost + sign * b.cost,
    uncosted: a.uncosted + sign * b.uncosted
  }
}

/** Whatever was added was taken back: the ledger has no such row any more. */
export function isEmpty(totals: Totals): boolean {
  return (
    totals.rows === 0 &&
    totals.units === 0 &&
    totals.gross === 0 &&
    totals.returns === 0 &&
    totals.discount === 0 &&
    totals.charges === 0 &&
    totals.cost === 0 &&
    totals.uncosted === 0
  )
}

export function marginOf({ net, cost, uncosted }: Pick<Totals, 'net' | 'cost' | 'uncosted'>): number | null {
  return uncosted === 0 ? net - cost : null
}
