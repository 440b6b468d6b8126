import type { Serde } from '../core/serde.ts'
import type { TableToTable } from '../processors/operator.ts'
import { joinedView, mergeTables, tableTableJoin } from '../processors/table-table-join.ts'
import { storeView } from '../processors/table-view.ts'
import type { KTable } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'
import { named } from './named.ts'
import type { TableStoreOptions } from './options.ts'
import { missingSerde } from './serdes-of.ts'
import { needOldValues, type TableParts, tellsWhenAsked, viewOf } from './table-parts.ts'

/** Declares a join of two tables by their keys; with a store for the result where one is named. */
export function declareTableJoin<K, L, R, VOut>(
  graph: Graph,
  kind: 'inner' | 'left' | 'outer',
  left: TableParts<K, L>,
  right: TableParts<K, R>,
  joiner: (left: L | null, right: R | null, key: K) => VOut | null,
  store: TableStoreOptions<VOut> | undefined
): KTable<K, VOut> {
  const step = `${kind} join of tables`
  const [leftView, rightView] = [viewOf(left, step), viewOf(right, step)]
  // a side that vanishes must be known to have been there
  needOldValues(left, step)
  needOldValues(right, step)
  const oldValues = { wanted: false }
  const leftStep = tableTableJoin<K, L, R, VOut>({
    other: rightView,
    join: joiner,
    alone: kind !== 'inner',
    otherAlone: kind === 'outer',
    oldValues,
    versioned: left.versioned
  })
  const rightStep = tableTableJoin<K, R, L, VOut>({
    other: leftView,
    join: (value, other, key) => joiner(other, value, key),
    alone: kind === 'outer',
    otherAlone: kind !== 'inner',
    oldValues,
    versioned: right.versioned
  })
  const anchor =
    store === undefined ? {} : { anchor: named(store, 'join(other, joiner, { name: "joined", value })').name }
  const table = (name: string, parents: readonly GraphNode[], made: unknown, used: readonly string[]) =>
    graph.processor(name, parents, made as Compose, { emits: 'table', stores: used, ...anchor })
  const sides = [
    table('join-this', [left.node], leftStep, rightView.stores),
    table('join-other', [right.node], rightStep, leftView.stores)
  ]
  const key = left.key as Serde<K> | undefined
  if (store !== undefined) {
    if (key === undefined) throw missingSerde(`join "${store.name}"`, 'key')
    graph.keyValueStore(store, key, store.value)
  }
  const merge: TableToTable<K, VOut, K, VOut> = mergeTables(store?.name, oldValues)
  const node = table('join-merge', sides, merge, store === undefined ? [] : [store.name])
  return graph.table<K, VOut>({
    node,
    key,
    value: store?.value,
    storeName: store?.name,
    view: store === undefined ? joinedView(leftView, rightView, joiner, kind) : storeView(store.name),
    sendOldValues: tellsWhenAsked(oldValues),
    versioned: false,
    graceMs: longerGrace(left.graceMs, right.graceMs)
  })
}

/** A window of the result is open while it is on either side (Kafka Streams' `GraphGraceSearchUtil`). */
function longerGrace(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? undefined : Math.max(left, right)
}
