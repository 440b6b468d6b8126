import type { Serde } from '../core/serde.ts'
import type { JoinWindows } from '../core/windows.ts'
import { joinWindow } from '../processors/join-window.ts'
import { passThrough } from '../processors/pass-through.ts'
import { streamSelfJoin } from '../processors/stream-self-join.ts'
import { streamStreamJoin } from '../processors/stream-stream-join.ts'
import { unmatchedKey, unmatchedValues } from '../processors/unmatched.ts'
import type { Graph } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'

/** A stream as a side of a join. */
export interface JoinSide<V> {
  readonly node: GraphNode
  readonly value: Serde<V>
}

export interface StreamJoinParts<K, L, R, VOut> {
  readonly name: string
  readonly kind: 'inner' | 'left' | 'outer'
  readonly windows: JoinWindows
  readonly key: Serde<K>
  readonly left: JoinSide<L>
  readonly right: JoinSide<R>
  readonly joiner: (left: L | null, right: R | null, key: K) => VOut
}

/** Declares a windowed join and its stores. Returns the step out of which its results come. */
export function declareStreamJoin<K, L, R, VOut>(
  graph: Graph,
  parts: StreamJoinParts<K, L, R, VOut>
): GraphNode {
  const { name, kind, windows, key, left, right } = parts
  const leftStore = `${name}-${kind === 'outer' ? 'outer-' : ''}this-join-store`
  const rightStore = `${name}-${kind === 'inner' ? '' : 'outer-'}other-join-store`
  const unmatchedStore = kind === 'inner' ? undefined : `${name}-${kind}-shared-join-store`
  const keep = (storeName: string, value: Serde<L> | Serde<R>) =>
    graph.store({
      kind: 'window',
      name: storeName,
      key: key as Serde<unknown>,
      value: value as Serde<unknown>,
      logged: true,
      cached: false,
      retainDuplicates: true,
      windowSizeMs: windows.sizeMs,
      retentionMs: windows.sizeMs + windows.graceMs
    })
  keep(leftStore, left.value)
  if (kind === 'inner' && left.node === right.node && graph.optimizes('single.store.self.join')) {
    const { beforeMs, afterMs } = windows
    // values of one step are of one type
    const joiner = parts.joiner as (left: L, right: unknown, key: K) => VOut
    const join = streamSelfJoin({ store: leftStore, beforeMs, afterMs, joiner })
    return graph.processor('join', [left.node], join as unknown as Compose, {
      stores: [leftStore],
      anchor: name
    })
  }
  keep(rightStore, right.value)
  if (unmatchedStore !== undefined)
    graph.keyValueStore(
      { name: unmatchedStore, cached: false },
      unmatchedKey(key),
      unmatchedValues(left.value, right.value)
    )
  const join = streamStreamJoin<K, L, R, VOut>({
    leftStore,
    rightStore,
    unmatchedStore,
    leftOuter: kind !== 'inner',
    rightOuter: kind === 'outer',
    beforeMs: windows.beforeMs,
    afterMs: windows.afterMs,
    graceMs: windows.graceMs,
    joiner: parts.joiner
  })
  const shared = unmatchedStore === undefined ? [] : [unmatchedStore]
  const side = (operator: string, half: 'this' | 'other', parent: GraphNode, step: unknown, used: string[]) =>
    graph.processor(operator, [parent], step as Compose, { stores: used, anchor: `${name}-${half}` })
  const leftWindow = side('windowed', 'this', left.node, joinWindow(leftStore), [leftStore])
  const rightWindow = side('windowed', 'other', right.node, joinWindow(rightStore), [rightStore])
  const sides = [
    side('join', 'this', leftWindow, join.left, [rightStore, ...shared]),
    side('join', 'other', rightWindow, join.right, [leftStore, ...shared])
  ]
  return graph.processor('merge', sides, passThrough() as unknown as Compose, { anchor: name })
}
