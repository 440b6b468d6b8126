import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'
import { bufferedChange } from '../processors/buffered-change.ts'
import { streamTableJoin } from '../processors/stream-table-join.ts'
import { waitForTable, waitingKey } from '../processors/versioned-join.ts'
import type { Graph } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'
import { named } from './named.ts'
import type { GraceJoinOptions } from './options.ts'
import { checkedSpan } from './retention.ts'
import { missingSerde } from './serdes-of.ts'
import { type TableParts, viewOf } from './table-parts.ts'

export interface StreamTableJoin<K, V, T, VOut> {
  readonly stream: {
    readonly node: GraphNode
    readonly key: Serde<K> | undefined
    readonly value: Serde<V> | undefined
  }
  readonly table: TableParts<K, T>
  readonly joiner: (value: V, tableValue: T | null, key: K) => VOut
  readonly left: boolean
  /** Lets records wait for a versioned table. */
  readonly grace: GraceJoinOptions<V> | undefined
}

/** Declares a join of a stream with a table. Returns the step out of which its results come. */
export function declareStreamTableJoin<K, V, T, VOut>(
  graph: Graph,
  join: StreamTableJoin<K, V, T, VOut>
): GraphNode {
  const { table, joiner, left, grace } = join
  const view = viewOf(table, 'join')
  const parent = grace === undefined ? join.stream.node : declareWait(graph, join, grace)
  const step = streamTableJoin(view, joiner, left) as unknown as Compose
  return graph.processor('join', [parent], step, { stores: view.stores })
}

/** Before the join: records are as late as the table needs to have what belongs to their time. */
function declareWait<K, V, T, VOut>(
  graph: Graph,
  { stream, table, left }: StreamTableJoin<K, V, T, VOut>,
  grace: GraceJoinOptions<V>
): GraphNode {
  const { name, graceMs } = named(grace, 'join(table, joiner, { name: "sales-prices", graceMs: 60_000 })')
  if (!table.versioned)
    throw new StreamsError(
      'TOPOLOGY_INVALID',
      `join "${name}" waits for a table that keeps no past: give the table historyRetentionMs`
    )
  checkedSpan(`the grace of join "${name}"`, graceMs)
  checkHistory(graph, table, name, graceMs)
  const value = grace.value ?? stream.value
  if (stream.key === undefined) throw missingSerde(`join "${name}"`, 'key')
  if (value === undefined) throw missingSerde(`join "${name}"`, 'value')
  const storeName = `${name}-Buffer`
  graph.keyValueStore({ name: storeName, cached: false }, waitingKey(stream.key), bufferedChange)
  const step = waitForTable<K, V>(storeName, graceMs, value, left) as unknown as Compose
  return graph.processor('wait', [stream.node], step, { stores: [storeName], anchor: name })
}

/** Records that wait for longer than the table remembers would meet rows that are gone. As Kafka Streams refuses it. */
function checkHistory<K, T>(graph: Graph, table: TableParts<K, T>, join: string, graceMs: number): void {
  for (const name of viewOf(table, 'join').stores) {
    const store = graph.stores.get(name)
    if (store?.kind === 'versioned' && store.historyRetentionMs < graceMs)
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `the history of store "${name}", ${store.historyRetentionMs} ms, must not be less than the grace of join "${join}", ${graceMs} ms`
      )
  }
}
