import { Store } from '../../processors/retail/model.ts'
import type { ReferenceFile } from './reference-file.ts'

export const storesFile: ReferenceFile<Store> = {
  object: 'reference/stores.csv',
  columns: ['store_id', 'name', 'city', 'region', 'category', 'chain'],
  identifiers: ['store_id'],
  schema: Store,
  value: (column, country) => ({
    country,
    storeId: column('store_id'),
    name: column('name'),
    city: column('city'),
    region: column('region'),
    category: column('category'),
    chain: column('chain') || null
  }),
  key: (store) => `${store.country}/${store.storeId}`
}
