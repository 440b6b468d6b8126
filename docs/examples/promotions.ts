import { z } from 'zod'
import { json, type StreamsBuilder, string, topic } from '../../index.ts'
import { lineItems } from '../../topology/retail/topics.ts'

const PromotionSales = z.object({ items: z.int(), sales: z.int() })
export const promotionSales = topic('retail.promotion-sales', { key: string(), value: json(PromotionSales) })

/** What each promotion sold in each country. Line items are signed: one that is taken back has -1 rows and negative sales. */
export function promotions(builder: StreamsBuilder): void {
  builder
    .stream(lineItems)
    .filter((item) => item.promotionId !== null)
    .groupBy((item) => `${item.country}/${item.promotionId}`, { name: 'by-country-promotion', key: string() })
    .aggregate({
      name: 'promotion-sales',
      initial: () => ({ items: 0, sales: 0 }),
      add: (item, total) => ({ items: total.items + item.rows, sales: total.sales + item.sales }),
      value: json(PromotionSales)
    })
    .toStream()
    .to(promotionSales)
}
