import { z } from 'zod'
import { json, string, topic } from '../../index.ts'
import { AMOUNT_SCALE } from '../../processors/retail/model.ts'
import { ownAnalysis } from '../../sinks/retail/own-analysis.ts'
import { tableOf } from '../../sinks/retail/table-of.ts'
import { lineItems } from '../../topology/retail/topics.ts'

const Returns = z.object({ country: z.string(), sku: z.string(), sold: z.int(), returned: z.int() })
type Returns = z.infer<typeof Returns>
const nothing: Returns = { country: '', sku: '', sold: 0, returned: 0 }
const returnsTopic = topic('analyses.sku-returns', {
  key: string(),
  value: json(Returns),
  cleanupPolicy: 'compact'
})

/** Units that were sold and that came back of each SKU, by country. Line items are keyed by both already. */
export const skuReturns = ownAnalysis<Returns>({
  name: 'sku-returns',
  topic: returnsTopic,
  build(builder) {
    builder
      .stream(lineItems)
      .filter((item) => item.productKind === 'product')
      .groupByKey()
      .aggregate({
        name: 'sku-returns',
        initial: () => nothing,
        add({ country, sku, kind, units }, { sold, returned }) {
          if (kind === 'return') return { country, sku, sold, returned: returned - units }
          return { country, sku, sold: sold + units, returned }
        },
        value: json(Returns)
      })
      .toStream()
      .to(returnsTopic)
  },
  table: tableOf<Returns>({
    table: 'sku_returns',
    key: ['country', 'sku'],
    columns: {
      country: ['text', 'country'],
      sku: ['text', 'sku'],
      sold: ['amount', 'sold'],
      returned: ['amount', 'returned'],
      rate: ['double precision', ({ sold, returned }) => (sold === 0 ? null : returned / sold)]
    }
  }),
  figures: {
    'units sold': ({ sold }) => sold / AMOUNT_SCALE,
    'units returned': ({ returned }) => returned / AMOUNT_SCALE
  }
})
