import { z } from 'zod'
import { type FixedKeyProcessor, json, type KeyValueStore, keyValueStore, string } from '../../index.ts'
import { ledgerKey } from './ledger-key.ts'
import { AMOUNT_SCALE, amount, type LineItem } from './model.ts'

/** A line item as its file has it, and what a unit of its product costs now; null: nobody says. */
export interface Uncosted {
  readonly item: LineItem
  readonly unitCost: number | null
}

/** What a unit of a SKU costs in one revision of a file, and how many rows stand that were costed so. */
const UnitCost = z.object({ unitCost: amount.nullable(), rows: z.int().positive() })
type UnitCost = z.infer<typeof UnitCost>

/** By SKU, file and revision: bounded by the files that state no costs and the SKUs in each, not by the rows. */
export const unitCostsStore = keyValueStore({
  name: 'unit-costs',
  key: string(),
  value: json(UnitCost),
  cached: true
})

/**
 * States the cost where the file does not: at what the product's unit cost was when the first row of the SKU came in that revision of the file.
 * The others of the revision are costed alike, and so is what is taken back, so that a row and its retraction cancel whatever the
 * product costs by then. A corrected file is costed anew.
 */
export function withCost(): FixedKeyProcessor<string, Uncosted, LineItem> {
  let unitCosts: KeyValueStore<string, UnitCost>
  return {
    init(context) {
      unitCosts = context.store(unitCostsStore)
    },
    process(record, context) {
      if (record.value === null) return
      const { item, unitCost: now } = record.value
      // charges cost nothing that is known here
      if (item.cost !== null || item.productKind === 'charge')
        return context.forward({ ...record, value: item })
      const at = ledgerKey(item.country, item.sku, item.file, String(item.revision))
      const known = unitCosts.get(at)
      const unitCost = known === null ? now : known.unitCost
      const rows = (known?.rows ?? 0) + item.rows
      unitCosts.put(at, rows > 0 ? { unitCost, rows } : null, record.timestamp)
      context.forward({
        ...record,
        value: { ...item, cost: unitCost === null ? null : costOf(item.units, unitCost) }
      })
    }
  }
}

/** Rounded to whole ten-thousandths, a row and its retraction alike. */
function costOf(units: number, unitCost: number): number {
  const value = Math.round((Math.abs(units) * unitCost) / AMOUNT_SCALE)
  return units < 0 && value !== 0 ? -value : value
}
