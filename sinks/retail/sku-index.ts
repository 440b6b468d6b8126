import type { ElasticsearchSinkOptions } from '../../index.ts'
import type { SkuSales } from '../../processors/retail/model.ts'

const keyword = { type: 'keyword' } as const
const long = { type: 'long' } as const

/**
 * The search index of SKUs: one document per country and SKU. Money and quantities are whole ten-thousandths, as in the topics, so
 * that sums are exact.
 */
export const skuIndex: Pick<ElasticsearchSinkOptions<string, SkuSales>, 'index' | 'mappings' | 'id'> = {
  index: 'skus',
  mappings: {
    dynamic: 'strict',
    properties: {
      country: keyword,
      sku: keyword,
      name: { type: 'text', fields: { keyword } },
      brand: { type: 'text', fields: { keyword } },
      category: keyword,
      subcategory: keyword,
      listPrice: long,
      lastSold: { type: 'date', format: 'strict_date' },
      rows: long,
      units: long,
      sales: long,
      cost: long
    }
  },
  id: (key) => key
}
