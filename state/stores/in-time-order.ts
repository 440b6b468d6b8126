import type { TimedEntry } from './timed-scans.ts'

/** By their times, then by the bytes of their keys: the order in which closed windows are emitted. Entries come in the order of keys. */
export function inTimeOrder<K, V>(entries: Iterable<TimedEntry<K, V>>): TimedEntry<K, V>[] {
  // the sort is stable, so the order of keys stays within one time
  return [...entries].sort((a, b) => a.time - b.time || a.sub - b.sub)
}
