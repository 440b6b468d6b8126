import type { Client, estypes } from '@elastic/elasticsearch'
import type { SkuSales } from '../../processors/retail/ledgers.ts'
import { skuIndex } from './sku-index.ts'

/** What a shop manager looks for. Everything may be left out. */
export interface SkuQuery {
  /** Words of name, brand and category, or a SKU's code. The last word may be cut short, the others may have a typing error. */
  readonly text?: string
  /** Any of these. */
  readonly countries?: readonly string[]
  readonly categories?: readonly string[]
  /** Sold by this store. */
  readonly storeId?: string
  /** List price in ten-thousandths, bounds included. */
  readonly priceFrom?: number
  readonly priceTo?: number
  /** At least so many units in 28 days, in ten-thousandths, over all stores of a country. */
  readonly units28From?: number
  /** `match`, the default: the best match first. `velocity`: what sold most in 28 days. */
  readonly sort?: 'match' | 'velocity'
  /** Default 10, at most 100. */
  readonly limit?: number
}

/** How many SKUs would be found under a country or category, the other choices being what they are. */
export interface Facet {
  readonly value: string
  readonly count: number
}

export interface SkuHits {
  readonly total: number
  /** The best match first, or what sells fastest; of equal ones the one that sold most. */
  readonly skus: readonly SkuSales[]
  readonly countries: readonly Facet[]
  readonly categories: readonly Facet[]
}

const mostHits = 100
const mostFacets = 100

/** Searches the index of SKUs. `index` is its alias; default that of the retail system. Throws what the client throws. */
export async function searchSkus(
  client: Client,
  query: SkuQuery,
  index: string = skuIndex.index
): Promise<SkuHits> {
  const answer = await client.search<SkuSales>({ index, ...skuSearch(query) })
  const { total, hits } = answer.hits
  return {
    total: typeof total === 'number' ? total : (total?.value ?? 0),
    skus: hits.flatMap(({ _source }) => (_source === undefined ? [] : [_source])),
    countries: facets(answer.aggregations?.['countries']),
    categories: facets(answer.aggregations?.['categories'])
  }
}

/** The request to Elasticsearch. */
function skuSearch(query: SkuQuery): estypes.SearchRequest {
  const { countries = [], categories = [], sort = 'match', limit = 10 } = query
  const ofCountry = countries.length === 0 ? [] : [{ terms: { country: [...countries] } }]
  const ofCategory = categories.length === 0 ? [] : [{ terms: { category: [...categories] } }]
  return {
    query: { bool: { must: words(query.text), filter: limits(query) } },
    // facets show what the other choices would find, so a choice does not narrow its own
    post_filter: { bool: { filter: [...ofCountry, ...ofCategory] } },
    aggs: {
      countries: facet('country', ofCategory),
      categories: facet('category', ofCountry)
    },
    sort: [
      sort === 'velocity' ? { units28: 'desc' } : '_score',
      { units: 'desc' },
      { sku: 'asc' },
      { country: 'asc' }
    ],
    size: Math.min(limit, mostHits),
    track_total_hits: true
  }
}

function words(text = ''): estypes.QueryDslQueryContainer[] {
  const query = text.trim()
  if (query === '') return []
  const every = { query, operator: 'and', fuzziness: 'AUTO', prefix_length: 1 } as const
  return [
    {
      bool: {
        should: [
          { term: { sku: { value: query, boost: 20 } } },
          // as it is typed is worth more than with an error in it
          { match_bool_prefix: { text: { query, operator: 'and', boost: 3 } } },
          { match_bool_prefix: { text: every } },
          { match: { text: every } }
        ]
      }
    }
  ]
}

function limits({ priceFrom, priceTo, units28From, storeId }: SkuQuery): estypes.QueryDslQueryContainer[] {
  const price = {
    ...(priceFrom === undefined ? {} : { gte: priceFrom }),
    ...(priceTo === undefined ? {} : { lte: priceTo })
  }
  return [
    { term: { productKind: 'product' } },
    ...(Object.keys(price).length === 0 ? [] : [{ range: { listPrice: price } }]),
    ...(units28From === undefined ? [] : [{ range: { units28: { gte: units28From } } }]),
    ...(storeId === undefined
      ? []
      : [{ nested: { path: 'stores', query: { term: { 'stores.storeId': storeId } } } }])
  ]
}

function facet(
  field: string,
  others: estypes.QueryDslQueryContainer[]
): estypes.AggregationsAggregationContainer {
  return {
    filter: { bool: { filter: others } },
    aggs: { values: { terms: { field, size: mostFacets, order: [{ _count: 'desc' }, { _key: 'asc' }] } } }
  }
}

function facets(found: unknown): Facet[] {
  const { values } = (found ?? {}) as { values?: { buckets?: { key: string; doc_count: number }[] } }
  return (values?.buckets ?? []).map(({ key, doc_count }) => ({ value: key, count: doc_count }))
}
