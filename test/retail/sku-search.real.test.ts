import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Client } from '@elastic/elasticsearch'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FoodmartJar } from '../../bin/foodmart/foodmart-jar.ts'
import { elasticsearchSink, type SinkRecord } from '../../index.ts'
import type { SkuSales } from '../../processors/retail/ledgers.ts'
import { noSkuTotals, searchDocument } from '../../processors/retail/sku-sales.ts'
import { skuIndex } from '../../sinks/retail/sku-index.ts'
import { type SkuHits, type SkuQuery, searchSkus } from '../../sinks/retail/sku-search.ts'
import { server } from '../sinks/servers.ts'

/*
 * The queries of docs/search.md, run on FoodMart's products: a document in each of two countries, the way the sink writes them. A product's number stands
 * in for what was sold of it.
 */

interface ProductRow {
  readonly product_id: number
  readonly product_class_id: number
  readonly product_name: string
  readonly brand_name: string
  readonly SKU: number
  readonly SRP: number
}

interface ClassRow {
  readonly product_class_id: number
  readonly product_category: string
  readonly product_subcategory: string
}

const index = `skus-${randomUUID()}`
const client = new Client({ node: server('ELASTICSEARCH_URL') })

beforeAll(async () => {
  const jar = await FoodmartJar.open()
  const classes = new Map(jar.rows<ClassRow>('product_class').map((one) => [one.product_class_id, one]))
  const records = jar.rows<ProductRow>('product').flatMap((row) =>
    ['US', 'CA'].map((country): SinkRecord<string, SkuSales> => {
      const sku = String(row.SKU)
      const { product_category = '', product_subcategory = '' } = classes.get(row.product_class_id) ?? {}
      const product = {
        country,
        sku,
        name: row.product_name,
        brand: row.brand_name,
        category: product_category,
        subcategory: product_subcategory,
        listPrice: Math.round(row.SRP * 10_000),
        unitCost: null
      }
      const storeId = country === 'CA' ? '19' : String((row.product_id % 3) + 1)
      const stores = [{ storeId, rows: 1, units: row.product_id, net: 0 }]
      const sold = { ...noSkuTotals, country, sku, units: row.product_id, lastSold: '1998-12-30' }
      // their last two digits are what was sold in 28 days
      const units28 = (row.product_id % 100) * 10_000
      const value = { ...searchDocument(sold, product), stores, units28, units7: units28 / 4 }
      return {
        topic: 'retail.sku-sales',
        partition: 0,
        offset: row.product_id * 2 + (country === 'US' ? 1 : 0),
        key: `${country}/${sku}`,
        value,
        timestamp: 0,
        headers: []
      }
    })
  )
  const sink = elasticsearchSink<string, SkuSales>({
    ...skuIndex,
    name: 'search',
    connection: server('ELASTICSEARCH_URL'),
    bulkBytes: 150_000,
    index,
    generationsIndex: `generations-${index}`
  })
  await sink.open('retail.sku-sales', 'id', 0)
  const batch = { topic: 'retail.sku-sales', topicId: 'id', partition: 0, records, first: 0, next: 10_000 }
  expect(await sink.write(batch)).toEqual([])
  await sink.close()
  await client.indices.refresh({ index })
})

afterAll(async () => {
  await client.indices.delete({ index: [`${index}-us-1`, `${index}-ca-1`], ignore_unavailable: true })
  await client.indices.delete({ index: `generations-${index}`, ignore_unavailable: true })
  for (const part of ['us', 'ca'])
    await client.indices.deleteIndexTemplate({ name: `${index}-${part}-1` }, { ignore: [404] })
  await client.close()
})

/** The page's examples: a query as JSON, and the answer as `answerOf` writes it. */
const examples = [
  ...readFileSync(new URL('../../docs/search.md', import.meta.url), 'utf8').matchAll(
    /```json\n(\{[\s\S]*?\})\n```\n\n((?: {4}.*\n)+)/g
  )
].map(([, query = '', answer = '']) => [query, answer.replace(/^ {4}/gm, '').trimEnd()] as const)

function answerOf({ total, skus, countries, categories }: SkuHits): string {
  const named = (facets: SkuHits['countries']) =>
    facets
      .slice(0, 3)
      .map(({ value, count }) => `${value} ${count}`)
      .join(', ')
  return [
    `${total} found; ${named(countries)}; ${named(categories)}`,
    ...skus.map((sku) => {
      const price = ((sku.listPrice ?? 0) / 10_000).toFixed(2)
      const shops = sku.stores.map(({ storeId }) => storeId).join(' ')
      return `${sku.country} ${sku.sku} ${sku.name} (${sku.category}), ${price}, stores ${shops}`
    })
  ]
    .join('\n')
    .trimEnd()
}

it('the page has twelve queries', () => expect(examples).toHaveLength(12))

it.each(examples)('answers as the page says: %s', async (query, answer) => {
  expect(answerOf(await searchSkus(client, JSON.parse(query) as SkuQuery, index))).toBe(answer)
})
