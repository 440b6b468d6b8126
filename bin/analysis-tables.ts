import {
  type PostgresSinkOptions,
  postgresSink,
  type Sink,
  sinkByTopic,
  type TableMapping,
  type Topic
} from '../index.ts'
import { basketPairs } from '../processors/retail/baskets.ts'
import { anomalies } from '../processors/retail/price-anomalies.ts'
import { projectionRows } from '../processors/retail/projections.ts'
import { candidates, topTens } from '../processors/retail/top-skus.ts'
import { velocities } from '../processors/retail/velocity.ts'
import * as tables from '../sinks/retail/analysis-tables.ts'
import * as topics from '../topology/retail/topics.ts'

/** Topics of all kinds of values: each goes with its own table. */
type AnyTopic = Topic<string, never>
type AnyTable = TableMapping<string, never>

const pairs = [
  [topics.topSkus, tables.topSkusTable],
  [topics.velocity, tables.velocityTable],
  [topics.basketPairs, tables.basketPairsTable],
  [topics.priceAnomalies, tables.priceAnomaliesTable],
  [topics.storeProjections, tables.storeProjectionsTable],
  [topics.categoryProjections, tables.categoryProjectionsTable],
  [topics.projectionAccuracy, tables.projectionAccuracyTable]
] as unknown as readonly (readonly [AnyTopic, AnyTable])[]

export const analysisTopics: readonly AnyTopic[] = pairs.map(([topic]) => topic)

/** Stores of groups whose rows are worked out a moment later. */
export const waitingStores: readonly string[] = [
  candidates,
  topTens,
  velocities,
  basketPairs,
  anomalies,
  projectionRows
].map(({ waiting }) => waiting.name)

/** The tables of all analyses: small topics, which share a sink. */
export function analysisSink(
  name: string,
  connection: PostgresSinkOptions<string, never>['connection']
): Sink<string, never> {
  return sinkByTopic(
    name,
    new Map(
      pairs.map(([topic, table]) => [
        topic.name,
        postgresSink({ name: `${name}-${table.table}`, connection, tables: [table] })
      ])
    )
  )
}
