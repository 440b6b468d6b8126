import { Delivery } from '../../processors/retail/model.ts'
import { parseAmount } from '../../processors/retail/parse-amount.ts'
import type { ReferenceFile } from './reference-file.ts'

export const inventoryFile: ReferenceFile<Delivery> = {
  object: 'reference/inventory.csv',
  columns: ['store_id', 'sku', 'day', 'units_ordered', 'units_shipped'],
  identifiers: ['store_id', 'sku'],
  schema: Delivery,
  value: (column, country) => ({
    country,
    storeId: column('store_id'),
    sku: column('sku'),
    day: column('day'),
    unitsOrdered: parseAmount(column('units_ordered') ?? ''),
    unitsShipped: parseAmount(column('units_shipped') ?? '')
  }),
  key: ({ country, storeId, sku, day }) => `${country}/${storeId}/${sku}/${day}`
}
