import { StreamsBuilder, type Topology } from '../../index.ts'
import { boughtTogether } from './baskets.ts'
import { categoryDays } from './category-days.ts'
import { lineItems, publishLineItems } from './line-items.ts'
import { unusualPrices } from './price-anomalies.ts'
import { exchangeRates, type FinanceOptions, profitAndLoss } from './profit-and-loss.ts'
import { monthlyProjections } from './projections.ts'
import { reconciliation } from './reconciliation.ts'
import { sales } from './sales.ts'
import { skuDays } from './sku-days.ts'
import { searchDocuments, skuSales } from './sku-sales.ts'
import { byStoreMarketDay, storeDays, storeMarketDays } from './store-days.ts'
import { storeSales } from './store-sales.ts'
import { topSkus } from './top-skus.ts'
import * as topics from './topics.ts'
import { skuVelocity } from './velocity.ts'

export interface RetailOptions extends FinanceOptions {
  /** Analyses of one's own, which read what the graph writes. Default: none. */
  readonly analyses?: readonly ((builder: StreamsBuilder) => void)[]
}

/**
 * The whole retail graph at a glance:
 *
 *   raw CSV -> sales -> line items -> by SKU: SKU days -> category days
 *                 \                           search documents
 *                  \                          the items themselves, at their exchange rate
 *                  \             \-> by store: store days
 *                   \                          profit and loss (with expenses and exchange rates)
 *                    \-> rejected rows
 *   rows counted at each arrow -> reconciliation
 *   line items and ledgers -> analyses: top SKUs, prices, velocity (also for the search), baskets, projections
 *
 * Line items are signed: what is taken back flows through the same steps. A new analysis is a function like these: give it a file of its
 * own and call it here.
 */
export function retailTopology(options: RetailOptions = {}): Topology {
  const builder = new StreamsBuilder()
  const products = builder.table(topics.products, { name: 'products' })
  const files = sales(builder)
  const items = lineItems(builder, files.sales, products)
  const categories = categoryDays(skuDays(items, products))
  const skus = skuSales(items)

  const storeItems = byStoreMarketDay(items)
  const markets = storeMarketDays(storeItems)
  const stores = storeDays(markets)
  const rates = exchangeRates(builder)
  profitAndLoss(builder, markets, rates, options)
  publishLineItems(items, rates, options)
  reconciliation(builder, { files: files.tallies, lineItems: items, storeItems })

  topSkus(skus)
  unusualPrices(items)
  const storeLines = storeSales(items)
  searchDocuments(skus, products, skuVelocity(builder, storeLines))
  boughtTogether(storeLines)
  monthlyProjections(stores, categories)
  for (const analysis of options.analyses ?? []) analysis(builder)
  return builder.build()
}
