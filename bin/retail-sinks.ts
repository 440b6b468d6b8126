import type { Registry } from 'prom-client'
import {
  type ElasticsearchSinkOptions,
  elasticsearchSink,
  type PostgresSinkOptions,
  postgresSink,
  type Sink,
  type TableMapping,
  type Topic
} from '../index.ts'
import { financeGauges } from '../sinks/retail/finance-gauges.ts'
import { forecastGauges } from '../sinks/retail/forecast-gauges.ts'
import type { AnyAnalysis, analysisGauge } from '../sinks/retail/own-analysis.ts'
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
import { type TrainingSetOptions, trainingSets } from '../sinks/retail/training-sets.ts'
import * as topics from '../topology/retail/topics.ts'
import { analysisSink, analysisTopics } from './analysis-tables.ts'

/** Where sinks connect to. */
export interface SinkPlaces {
  readonly postgres: PostgresSinkOptions<string, never>['connection']
  readonly elasticsearch: ElasticsearchSinkOptions<string, never>['connection']
  /** What the search's aliases and indices begin with. Default: as the mapping has it. */
  readonly searchIndex?: string
}

/** Tables or an index, and the topics that they show. */
export interface RetailSink {
  readonly name: string
  readonly topics: readonly Topic<string, never>[]
  /** @param name what the sink is known by where it keeps its positions */
  readonly open: (name: string, places: SinkPlaces) => Sink<string, never>
}

/** All of them. A topic may have several. */
export const retailSinks: readonly RetailSink[] = [
  table(topics.files, filesTable),
  table(topics.lineItems, lineItemsTable),
  table(topics.storeDays, storeDaysTable),
  table(topics.skuDays, skuDaysTable),
  table(topics.categoryDays, categoryDaysTable),
  table(topics.skuSales, skusTable),
  table(topics.profitAndLoss, profitAndLossTable),
  table(topics.reconciliation, reconciliationTable),
  {
    name: 'analyses',
    topics: analysisTopics,
    open: (name, { postgres }) => analysisSink(name, postgres)
  },
  sink('sku-search', [topics.skuSales], (name, { elasticsearch, searchIndex = skuIndex.index }) =>
    elasticsearchSink({ ...skuIndex, name, connection: elasticsearch, index: searchIndex })
  )
]

/** What finance reports, and what forecasts are worth, as gauges of a registry. */
export function gaugeSinks(registry: Registry): readonly RetailSink[] {
  return [
    sink('finance-gauges', [topics.profitAndLoss], (name) => financeGauges(name, registry)),
    sink('forecast-gauges', [topics.storeProjections, topics.categoryProjections], (name) =>
      forecastGauges(name, registry)
    )
  ]
}

/** The training sets: Parquet in an object store. */
export function trainingSetsSink(options: Omit<TrainingSetOptions, 'name'>): RetailSink {
  return sink('training-sets', [topics.lineItems], (name) => trainingSets({ name, ...options }))
}

/** The table of one's own analysis. */
export function analysisTable({ name, topic, table: mapping }: AnyAnalysis): RetailSink {
  return { ...table(topic, mapping), name: `analysis-${name}` }
}

/** The same, and its figures. */
export function ownAnalysisSinks(
  analysis: AnyAnalysis,
  gauge: ReturnType<typeof analysisGauge>
): readonly RetailSink[] {
  const { name, topic, figures } = analysis
  return [
    analysisTable(analysis),
    ...(figures === undefined
      ? []
      : [sink(`analysis-${name}-figures`, [topic], (own) => gauge(own, analysis))])
  ]
}

function table<V>(source: Topic<string, V>, mapping: TableMapping<string, V>): RetailSink {
  return sink(mapping.table.replaceAll('_', '-'), [source], (name, { postgres }) =>
    postgresSink({ name, connection: postgres, tables: [mapping] })
  )
}

/** The topics' values and the sink's are the same here, and nobody's business elsewhere. */
function sink<V>(
  name: string,
  sources: readonly Topic<string, V>[],
  open: (name: string, places: SinkPlaces) => Sink<string, V>
): RetailSink {
  return { name, topics: sources, open } as unknown as RetailSink
}
