import { json, type KStream, type KTable, type StreamsBuilder, string } from '../../index.ts'
import {
  type ExchangeRate,
  LineItem,
  type Product,
  RATE_SCALE,
  type Sale
} from '../../processors/retail/model.ts'
import { type Uncosted, unitCostsStore, withCost } from '../../processors/retail/unit-costs.ts'
import type { FinanceOptions } from './profit-and-loss.ts'
import * as topics from './topics.ts'

/**
 * Sales with what the reference tables know: first of their store, as they come, then of their promotion, if they have one, then of their
 * product, which states the cost where the file does not.
 */
export function lineItems(
  builder: StreamsBuilder,
  sales: KStream<string, Sale, 'value'>,
  products: KTable<string, Product>
): KStream<string, LineItem, 'value'> {
  const { promoted, others } = sales
    .leftJoin(
      builder.table(topics.stores, { name: 'stores' }),
      (sale, store): LineItem => ({
        ...sale,
        storeName: store?.name ?? null,
        city: store?.city ?? null,
        storeCategory: store?.category ?? null,
        chain: store?.chain ?? null,
        promotionName: null,
        productName: null,
        brand: null,
        category: null,
        subcategory: null,
        listPrice: null,
        exchangeRate: null
      })
    )
    .split()
    .branch((item) => item.promotionId !== null, 'promoted')
    .defaultBranch('others')

  const withPromotion = promoted
    .selectKey((item) => `${item.country}/${item.promotionId}`)
    .repartition({ name: 'by-promotion', key: string(), value: json(LineItem) })
    .leftJoin(
      builder.table(topics.promotions, { name: 'promotions' }),
      (item, promotion): LineItem => ({ ...item, promotionName: promotion?.name ?? null })
    )

  // they meet behind their repartition topics: before, the two sub-topologies would become one that feeds itself
  return bySku(others, 'by-sku')
    .merge(bySku(withPromotion, 'by-sku-promoted'))
    .leftJoin(
      products,
      (item, product): Uncosted => ({
        item: {
          ...item,
          productName: product?.name ?? null,
          brand: product?.brand ?? null,
          category: product?.category ?? null,
          subcategory: product?.subcategory ?? null,
          listPrice: product?.listPrice ?? null
        },
        unitCost: product?.unitCost ?? null
      })
    )
    .processValues(withCost, { stores: [unitCostsStore] })
}

/**
 * The line items with the exchange rate that was in force when their day began. Those in the reporting currency need none; the others meet the
 * history of their currency's rates. The ledgers do not wait for that: they are in the stores' own currencies.
 */
export function publishLineItems(
  items: KStream<string, LineItem, 'value'>,
  rates: KTable<string, ExchangeRate>,
  { reportingCurrency = 'USD' }: FinanceOptions = {}
): void {
  const { foreign, reporting } = items
    .split()
    .branch((item) => item.currency !== reportingCurrency, 'foreign')
    .defaultBranch('reporting')
  reporting.mapValues((item): LineItem => ({ ...item, exchangeRate: RATE_SCALE })).to(topics.lineItems)
  foreign
    .selectKey((item) => item.currency)
    .repartition({ name: 'items-by-currency', key: string(), value: json(LineItem) })
    .leftJoin(rates, (item, rate): LineItem => ({ ...item, exchangeRate: rate?.rate ?? null }))
    .selectKey((item) => `${item.country}/${item.sku}`)
    .to(topics.lineItems)
}

function bySku(items: KStream<string, LineItem, 'value'>, name: string): KStream<string, LineItem> {
  return items
    .selectKey((item) => `${item.country}/${item.sku}`)
    .repartition({ name, key: string(), value: json(LineItem) })
}
