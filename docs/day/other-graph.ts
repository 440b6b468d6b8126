import { integer, type StreamsBuilder, string, type Topology } from '../../index.ts'
import { retailTopology } from '../../topology/retail/index.ts'
import { lineItems } from '../../topology/retail/topics.ts'

/** Keeps under the name of another store what that store's values cannot be read as. */
function promotionRows(builder: StreamsBuilder): void {
  builder
    .stream(lineItems)
    .filter((item) => item.promotionId !== null)
    .groupBy((item) => `${item.country}/${item.promotionId}`, { name: 'by-country-promotion', key: string() })
    .aggregate({
      name: 'promotion-sales',
      initial: () => 0,
      add: (item, rows) => rows + item.rows,
      value: integer()
    })
}

/** The upgraded graph after a change that its state does not survive. */
export function otherGraph(): Topology {
  return retailTopology({ analyses: [promotionRows] })
}
