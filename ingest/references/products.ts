import { Product } from '../../processors/retail/model.ts'
import { parseAmount } from '../../processors/retail/parse-amount.ts'
import type { ReferenceFile } from './reference-file.ts'

export const productsFile: ReferenceFile<Product> = {
  object: 'reference/products.csv',
  columns: ['sku', 'name', 'brand', 'category', 'subcategory', 'list_price'],
  identifiers: ['sku', 'category', 'subcategory'],
  schema: Product,
  value: (column, country) => ({
    country,
    sku: column('sku'),
    name: column('name'),
    brand: column('brand'),
    category: column('category'),
    subcategory: column('subcategory'),
    listPrice: parseAmount(column('list_price') ?? ''),
    unitCost: column('unit_cost') ? parseAmount(column('unit_cost') ?? '') : null
  }),
  key: (product) => `${product.country}/${product.sku}`
}
