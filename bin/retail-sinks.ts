import { elasticsearchSink, postgresSink, type Sink, type TableMapping, type Topic } from '../index.ts'
import { profitAndLossTable } from '../sinks/retail/profit-and-loss-table.ts'
import { skuIndex } from '../sinks/retail/sku-index.ts'
import {
  categoryDaysTable,
  filesTable,
  lineItemsTable,
  reconciliationTable,
  skuDaysTable,
  skusTable,
  storeDaysTable
} from '../sinks/retail/tables.ts'
import * as topics from '../topology/retail/topics.ts'

/** Where sinks carry to. */
export interface SinkPlaces {
  readonly databaseUrl: string
  readonly elasticsearchUrl: string
}

/** One way out of the retail system: topics, and what their records become. */
export interface RetailSink {
  readonly name: string
  /** Its consumer group; also the instance id of the process that runs it. */
  readonly groupId: string
  readonly topics: readonly Topic<string, never>[]
  make(places: SinkPlaces): Sink<string, never>
}

function tableSink<V>(topic: Topic<string, V>, mapping: TableMapping<string, V>): RetailSink {
  const name = mapping.table.replaceAll('_', '-')
  return {
    name,
    groupId: groupOf(name),
    topics: [topic as unknown as Topic<string, never>],
    make: ({ databaseUrl }) =>
      postgresSink({
        name,
        connection: { connectionString: databaseUrl, max: 2 },
        tables: [mapping]
      }) as unknown as Sink<string, never>
  }
}

function groupOf(name: string): string {
  return `retail-sink-${name}`
}

/** All sinks of the retail system. */
export const retailSinks: readonly RetailSink[] = [
  tableSink(topics.files, filesTable),
  tableSink(topics.lineItems, lineItemsTable),
  tableSink(topics.storeDays, storeDaysTable),
  tableSink(topics.skuDays, skuDaysTable),
  tableSink(topics.categoryDays, categoryDaysTable),
  tableSink(topics.skuSales, skusTable),
  tableSink(topics.profitAndLoss, profitAndLossTable),
  tableSink(topics.reconciliation, reconciliationTable),
  {
    name: 'sku-search',
    groupId: groupOf('sku-search'),
    topics: [topics.skuSales as unknown as Topic<string, never>],
    make: ({ elasticsearchUrl }) =>
      elasticsearchSink({
        name: 'sku-search',
        connection: elasticsearchUrl,
        ...skuIndex
      }) as unknown as Sink<string, never>
  }
]
