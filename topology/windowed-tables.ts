import type { Serde } from '../core/serde.ts'
import { timeWindowed } from '../core/serdes/windowed.ts'
import type { SlidingWindows, TimeWindows, Windowed } from '../core/windows.ts'
import type { Add } from '../processors/aggregate.ts'
import { slidingAggregator } from '../processors/sliding-aggregate.ts'
import type { TableView } from '../processors/table-view.ts'
import { windowAggregator } from '../processors/window-aggregate.ts'
import type { WindowStore } from '../state/window-store.ts'
import type { KTable } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { GraphNode } from './graph-node.ts'
import type { EmitStrategy, WindowStoreOptions } from './options.ts'
import { checkedRetention, type LeastRetention } from './retention.ts'
import { fillStore } from './store-steps.ts'
import { tellsWhenAsked } from './table-parts.ts'

export interface WindowedTable<K, A> {
  readonly windows: TimeWindows | SlidingWindows
  readonly options: WindowStoreOptions
  readonly emit: EmitStrategy
  readonly key: Serde<K>
  readonly value: Serde<A>
  readonly initial: () => A
  /** The streams that are aggregated, each with its function. */
  readonly inputs: readonly { readonly node: GraphNode; readonly add: Add<K, unknown, A> }[]
}

/** Declares an aggregate per window of a fixed size. */
export function windowedTable<K, A>(graph: Graph, table: WindowedTable<K, A>): KTable<Windowed<K>, A> {
  const { windows, options, key, value, initial } = table
  const { name } = options
  const sizeMs = windows.kind === 'time' ? windows.sizeMs : windows.differenceMs
  const least = leastRetention(windows)
  const oldValues = { wanted: false }
  graph.store({
    kind: 'window',
    name,
    key: key as Serde<unknown>,
    value: value as Serde<unknown>,
    logged: options.logged ?? true,
    cached: options.cached ?? true,
    windowSizeMs: sizeMs,
    retentionMs: checkedRetention(name, options.retentionMs ?? least.ms, least),
    readsOldest: table.emit === 'onWindowClose'
  })
  const fold = { storeName: name, initial, oldValues, onClose: table.emit === 'onWindowClose' }
  const stepFor =
    windows.kind === 'time' ? windowAggregator<K, A>(windows, fold) : slidingAggregator<K, A>(windows, fold)
  const steps = table.inputs.map(({ node, add }) => ({ parent: node, step: stepFor(add) }))
  return graph.table({
    node: fillStore(graph, 'aggregate', name, steps),
    key: timeWindowed(key, sizeMs),
    value,
    storeName: name,
    view: windowView(name),
    sendOldValues: tellsWhenAsked(oldValues),
    versioned: false,
    graceMs: windows.graceMs
  })
}

function leastRetention(windows: TimeWindows | SlidingWindows): LeastRetention {
  const { graceMs } = windows
  return windows.kind === 'time'
    ? { ms: windows.sizeMs + graceMs, what: "the windows' size and grace" }
    : // they look back by twice their difference
      { ms: 2 * windows.differenceMs + graceMs, what: "twice the windows' time difference, and grace" }
}

function windowView<K, V>(storeName: string): TableView<Windowed<K>, V> {
  return {
    stores: [storeName],
    open(context) {
      const store = context.store(storeName) as unknown as WindowStore<K, V>
      return { get: ({ key, start }) => store.entry(key, start) }
    }
  }
}
