import { StreamsBuilder, type Topology } from '../../index.ts'
import { categoryDays } from './category-days.ts'
import { lineItems, publishLineItems } from './line-items.ts'
import { exchangeRates, type FinanceOptions, profitAndLoss } from './profit-and-loss.ts'
import { reconciliation } from './reconciliation.ts'
import { sales } from './sales.ts'
import { skuDays } from './sku-days.ts'
import { skuSales } from './sku-sales.ts'
import { byStoreMarketDay, storeDays, storeMarketDays } from './store-days.ts'
import * as topics from './topics.ts'

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
 *
 * Line items are signed: what is taken back flows through the same steps. A new analysis is a function like these: give it a file of its
 * own and call it here.
 */
export function retailTopology(options: RetailOptions = {}): Topology {
  const builder = new StreamsBuilder()
  const products = builder.table(topics.products, { name: 'products' })
  const files = sales(builder)
  const items = lineItems(builder, files.sales, products)
  categoryDays(skuDays(items, products))
  skuSales(items, products)

  const storeItems = byStoreMarketDay(items)
  const markets = storeMarketDays(storeItems)
  storeDays(markets)
  const rates = exchangeRates(builder)
  profitAndLoss(builder, markets, rates, options)
  publishLineItems(items, rates, options)
  reconciliation(builder, { files: files.tallies, lineItems: items, storeItems })
  for (const analysis of options.analyses ?? []) analysis(builder)
  return builder.build()
}
