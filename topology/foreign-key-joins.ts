import type { Serde } from '../core/serde.ts'
import {
  answerSubscription,
  resolveResponse,
  subscribe,
  tellSubscribers
} from '../processors/foreign-key-join.ts'
import { subscription, subscriptionKey, subscriptionResponse } from '../processors/foreign-key-messages.ts'
import { tableSource, tableSourceWithoutStore } from '../processors/table-source.ts'
import { storeView } from '../processors/table-view.ts'
import type { KTable } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'
import { named } from './named.ts'
import type { ForeignKeyJoinOptions } from './options.ts'
import { keyComparison, missingSerde } from './serdes-of.ts'
import { needOldValues, type TableParts, tellsWhenAsked, viewOf } from './table-parts.ts'

/** Declares a join of a table with the rows of another that its rows name. */
export function declareForeignKeyJoin<K, V, FK, FV, VOut>(
  graph: Graph,
  table: TableParts<K, V>,
  foreign: TableParts<FK, FV>,
  foreignKeyOf: (value: V, key: K) => FK | null,
  joiner: (value: V, foreignValue: FV | null, key: K) => VOut | null,
  options: ForeignKeyJoinOptions<VOut>,
  left: boolean
): KTable<K, VOut> {
  const { name, store } = named(options, 'join(other, foreignKey, joiner, { name: "orders-products" })')
  const step = `join "${name}"`
  const serdeOf = <T>(serde: Serde<T> | undefined, what: 'key' | 'value'): Serde<T> => {
    if (serde === undefined) throw missingSerde(step, what)
    return serde
  }
  const key = serdeOf(table.key, 'key')
  const value = serdeOf(table.value, 'value')
  const foreignKey = serdeOf(foreign.key, 'key')
  const foreignValue = serdeOf(foreign.value, 'value')
  const [view, foreignView] = [viewOf(table, step), viewOf(foreign, step)]
  needOldValues(table, step)
  needOldValues(foreign, step)
  const sameKey = keyComparison(foreignKey)
  const storeName = `${name}-subscription-store`
  graph.keyValueStore({ name: storeName, cached: false }, subscriptionKey(foreignKey, key), subscription(key))
  const processor = (operator: string, parent: GraphNode, made: unknown, stores: readonly string[] = []) =>
    graph.processor(operator, [parent], made as Compose, { stores, anchor: name })

  const sent = processor(
    'subscription-registration-processor',
    table.node,
    subscribe(foreignKeyOf, value, sameKey, { left, versioned: table.versioned })
  )
  const registration = graph.repartition([sent], {
    repartition: `${name}-subscription-registration`,
    topicName: `${name}-subscription-registration-topic`,
    key: foreignKey as Serde<unknown>,
    value: subscription(key) as Serde<unknown>,
    partitions: undefined,
    partitionsOf: foreign.node
  })
  const answers = [
    processor('subscription-receive', registration, answerSubscription<K, FK, FV>(storeName, foreignView), [
      storeName,
      ...foreignView.stores
    ]),
    processor(
      'foreign-join-subscription',
      foreign.node,
      tellSubscribers<K, FK, FV>(storeName, sameKey, foreign.versioned),
      [storeName]
    )
  ]
  const response = graph.repartition(answers, {
    repartition: `${name}-subscription-response`,
    topicName: `${name}-subscription-response-topic`,
    key: key as Serde<unknown>,
    value: subscriptionResponse(foreignValue) as Serde<unknown>,
    partitions: undefined,
    partitionsOf: table.node
  })
  const resolved = processor(
    'subscription-response-resolver',
    response,
    resolveResponse(view, value, joiner, left),
    view.stores
  )

  const oldValues = { wanted: false }
  if (store !== undefined) graph.keyValueStore(store, key, store.value)
  const made =
    store === undefined ? tableSourceWithoutStore<K, VOut>() : tableSource<K, VOut>(store.name, oldValues)
  const node = graph.processor('result', [resolved], made as unknown as Compose, {
    emits: 'table',
    anchor: name,
    stores: store === undefined ? [] : [store.name]
  })
  return graph.table<K, VOut>({
    node,
    key,
    value: store?.value,
    storeName: store?.name,
    view: store === undefined ? undefined : storeView(store.name),
    sendOldValues: store === undefined ? () => false : tellsWhenAsked(oldValues),
    versioned: false,
    graceMs: undefined
  })
}
