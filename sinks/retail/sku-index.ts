import type { ElasticsearchSinkOptions } from '../../index.ts'
import type { SkuSales } from '../../processors/retail/ledgers.ts'

const keyword = { type: 'keyword' } as const
const long = { type: 'long' } as const
const totals = {
  rows: long,
  units: long,
  gross: long,
  returns: long,
  discount: long,
  net: long,
  charges: long,
  cost: long,
  uncosted: long
}

/**
 * The search index of SKUs: one document per country and SKU, its sales to each market nested in it. Money and quantities are whole
 * ten-thousandths, as in the topics, so that sums are exact.
 */
export const skuIndex: Pick<
  ElasticsearchSinkOptions<string, SkuSales>,
  'index' | 'part' | 'mappings' | 'id'
> = {
  index: 'skus',
  // an alias for each country, such as skus-de
  part: (key) => key.slice(0, 2).toLowerCase(),
  mappings: {
    dynamic: 'strict',
    properties: {
      country: keyword,
      sku: keyword,
      productKind: keyword,
      // what people search for, together: words of one query may be of several of them
      text: { type: 'text' },
      name: { type: 'text', fields: { keyword }, copy_to: 'text' },
      brand: { type: 'text', fields: { keyword }, copy_to: 'text' },
      category: { ...keyword, copy_to: 'text' },
      subcategory: { ...keyword, copy_to: 'text' },
      listPrice: long,
      units7: long,
      units28: long,
      lastSold: { type: 'date', format: 'strict_date' },
      ...totals,
      markets: { type: 'nested', properties: { market: keyword, ...totals } },
      stores: { type: 'nested', properties: { storeId: keyword, rows: long, units: long, net: long } }
    }
  },
  id: (key) => key
}
