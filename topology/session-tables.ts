import type { Serde } from '../core/serde.ts'
import { sessionWindowed } from '../core/serdes/windowed.ts'
import type { SessionWindows, Windowed } from '../core/windows.ts'
import type { Add } from '../processors/aggregate.ts'
import { sessionAggregator } from '../processors/session-aggregate.ts'
import type { SessionStore } from '../state/session-store.ts'
import type { KTable } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { GraphNode } from './graph-node.ts'
import type { EmitStrategy, WindowStoreOptions } from './options.ts'
import { checkedRetention } from './retention.ts'
import { fillStore } from './store-steps.ts'
import { tellsWhenAsked } from './table-parts.ts'

export interface SessionTable<K, A> {
  readonly windows: SessionWindows
  readonly options: WindowStoreOptions
  readonly emit: EmitStrategy
  readonly key: Serde<K>
  readonly value: Serde<A>
  readonly initial: () => A
  readonly merge: (a: A, b: A, key: K) => A
  /** The streams that are aggregated, each with its function. */
  readonly inputs: readonly { readonly node: GraphNode; readonly add: Add<K, unknown, A> }[]
}

/** Declares an aggregate per session. */
export function sessionTable<K, A>(graph: Graph, table: SessionTable<K, A>): KTable<Windowed<K>, A> {
  const { windows, options, key, value, initial, merge } = table
  const { name } = options
  const leastMs = windows.gapMs + windows.graceMs
  const oldValues = { wanted: false }
  graph.store({
    kind: 'session',
    name,
    key: key as Serde<unknown>,
    value: value as Serde<unknown>,
    logged: options.logged ?? true,
    cached: (options.cached ?? true) && table.emit === 'onWindowUpdate',
    retentionMs: checkedRetention(name, options.retentionMs ?? leastMs, {
      ms: leastMs,
      what: "the sessions' inactivity gap and grace"
    })
  })
  const onClose = table.emit === 'onWindowClose'
  const stepFor = sessionAggregator<K, A>(windows, { storeName: name, initial, oldValues, onClose, merge })
  const steps = table.inputs.map(({ node, add }) => ({ parent: node, step: stepFor(add) }))
  return graph.table({
    node: fillStore(graph, 'aggregate', name, steps),
    key: sessionWindowed(key),
    value,
    storeName: name,
    view: {
      stores: [name],
      open(context) {
        const store = context.store(name) as unknown as SessionStore<K, A>
        return {
          get(session) {
            const found = store.fetchSession(session.key, session.start, session.end)
            return found === null ? null : { value: found, timestamp: session.end }
          }
        }
      }
    },
    sendOldValues: tellsWhenAsked(oldValues),
    versioned: false,
    // a session can still grow for its gap
    graceMs: leastMs
  })
}
