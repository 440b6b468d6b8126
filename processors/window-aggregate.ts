import { noHeaders } from '../core/record.ts'
import type { TimeWindows, Windowed } from '../core/windows.ts'
import type { BufferedWindowStore } from '../state/stores/window.ts'
import type { Add } from './aggregate.ts'
import type { StreamToTable } from './operator.ts'
import { synchronous } from './synchronous.ts'

/**
 * Keeps an aggregate per key and tumbling window of event time. A record is late, dropped and counted, when stream time has
 * reached its window's end plus grace. Null values are aggregated (they count), null keys are not. After `KStreamWindowAggregate`.
 */
export function windowAggregate<K, V, A>(
  storeName: string,
  windows: TimeWindows,
  initial: () => A,
  add: Add<K, V, A>
): StreamToTable<K, V, Windowed<K>, A> {
  const { sizeMs, graceMs } = windows
  return (downstream, context) => {
    const store = context.store(storeName) as BufferedWindowStore<K, A>
    const call = synchronous(`aggregate "${storeName}"`, add)
    let observed = context.streamTime()
    store.onChange((key, start, newValue, oldValue, timestamp) =>
      downstream(newValue, oldValue, { key, start, end: start + sizeMs }, timestamp, noHeaders)
    )
    return (value, key, timestamp) => {
      if (key === null || key === undefined) return context.dropped('null-key')
      if (timestamp > observed) observed = timestamp
      const start = windows.startOf(timestamp)
      if (start + sizeMs + graceMs <= observed) return context.dropped('late')
      const before = store.entry(key, start)
      if (before === null) store.put(key, call(value, initial(), key), start, timestamp)
      else store.put(key, call(value, before.value, key), start, Math.max(timestamp, before.timestamp))
    }
  }
}
