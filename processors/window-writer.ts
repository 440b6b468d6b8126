import type { Headers } from '../core/record.ts'
import type { Windowed } from '../core/windows.ts'
import type { BufferedWindowStore } from '../state/stores/window.ts'
import { HeldHeaders } from './held-headers.ts'
import type { ForwardChange, OldValues, OperatorContext } from './operator.ts'

/** Like `TableWriter`, for a window of a key. */
export type WindowWriter<K, V> = (
  key: K,
  start: number,
  value: V | null,
  old: V | null,
  timestamp: number,
  recordTimestamp: number,
  headers: Headers
) => void

/** Between an operator and its window store: changes go downstream at once, or when they leave the write buffer. */
export function windowWriter<K, V>(
  store: BufferedWindowStore<K, V>,
  sizeMs: number,
  downstream: ForwardChange<Windowed<K>, V>,
  oldValues: OldValues,
  context: OperatorContext
): WindowWriter<K, V> {
  const held = new HeldHeaders<K>(context, (key) => store.keyText(key))
  const { wanted } = oldValues
  let putting = false
  /** A store that tells of a put within it is not cached. */
  let uncached = false
  store.onChange((key, start, newValue, oldValue, timestamp) => {
    if (putting) uncached = true
    else {
      const windowed = { key, start, end: start + sizeMs }
      downstream(newValue, wanted ? oldValue : null, windowed, timestamp, held.take(key, start, 0), true)
    }
  })
  return (key, start, value, old, timestamp, recordTimestamp, headers) => {
    putting = true
    try {
      store.put(key, value, start, value === null ? recordTimestamp : timestamp)
    } finally {
      putting = false
    }
    // without a cache also a put that came too late for the store goes on, though that tells nobody
    if (uncached)
      downstream(value, wanted ? old : null, { key, start, end: start + sizeMs }, timestamp, headers, true)
    else held.keep(key, start, 0, headers)
  }
}

/** Where results leave with their window: puts go no further. */
export function silentWriter<K, V>(store: BufferedWindowStore<K, V>): WindowWriter<K, V> {
  return (key, start, value, _old, timestamp, recordTimestamp) =>
    store.put(key, value, start, value === null ? recordTimestamp : timestamp)
}
