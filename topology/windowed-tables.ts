import type { Serde } from '../core/serde.ts'
import { timeWindowed } from '../core/serdes/windowed.ts'
import type { SlidingWindows, TimeWindows, Windowed } from '../core/windows.ts'
import type { TableView } from '../processors/table-view.ts'
import type { WindowStore } from '../state/window-store.ts'
import type { KTable } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { GraphNode } from './graph-node.ts'
import type { WindowStoreOptions } from './options.ts'

function windowSize(windows: TimeWindows | SlidingWindows): number {
  return windows.kind === 'time' ? windows.sizeMs : windows.differenceMs
}

/** Declares the store of a windowed aggregate. */
export function windowStoreFor<K, A>(
  graph: Graph,
  windows: TimeWindows | SlidingWindows,
  options: WindowStoreOptions,
  key: Serde<K>,
  value: Serde<A>
): void {
  const sizeMs = windowSize(windows)
  graph.store({
    kind: 'window',
    name: options.name,
    key: key as Serde<unknown>,
    value: value as Serde<unknown>,
    logged: options.logged ?? true,
    cached: options.cached ?? true,
    windowSizeMs: sizeMs,
    // sliding windows look back by twice their difference
    retentionMs: options.retentionMs ?? (windows.kind === 'time' ? sizeMs : 2 * sizeMs) + windows.graceMs
  })
}

/** The table that comes out of a windowed aggregate. */
export function windowedTable<K, A>(
  graph: Graph,
  node: GraphNode,
  windows: TimeWindows | SlidingWindows,
  storeName: string,
  serdes: { readonly key: Serde<K>; readonly value: Serde<A> },
  sendOldValues: () => boolean
): KTable<Windowed<K>, A> {
  return graph.table({
    node,
    key: timeWindowed(serdes.key, windowSize(windows)),
    value: serdes.value,
    storeName,
    view: windowView(storeName),
    sendOldValues,
    versioned: false,
    graceMs: windows.graceMs
  })
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
