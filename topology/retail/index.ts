import { StreamsBuilder, type Topology } from '../../index.ts'
import { lineItems } from './line-items.ts'
import { profitAndLoss } from './profit-and-loss.ts'
import { sales } from './sales.ts'
import { skuDays } from './sku-days.ts'
import { skuSales } from './sku-sales.ts'
import { storeDays } from './store-days.ts'

/**
 * The whole retail graph at a glance:
 *
 *   raw CSV -> sales -> line items -> store days, SKU days, SKU sales, profit and loss
 *                 \\-> rejected rows
 *
 * A new analysis is a function like these: give it a file of its own and call it here.
 */
export function retailTopology(): Topology {
  const builder = new StreamsBuilder()
  lineItems(builder, sales(builder))
  storeDays(builder)
  skuDays(builder)
  skuSales(builder)
  profitAndLoss(builder)
  return builder.build()
}
