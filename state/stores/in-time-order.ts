import type { TimedEntry } from './timed-scans.ts'

/** By their times, then by the bytes of their keys: the order in which closed windows are emitted. */
export function inTimeOrder<K, V>(
  entries: Iterable<TimedEntry<K, V>>,
  keyText: (key: K) => string
): TimedEntry<K, V>[] {
  // the bytes of a key and a time together, in which entries come, do not sort as the bytes of the key alone do
  return [...entries]
    .map((entry) => ({ entry, text: keyText(entry.key) }))
    .sort((a, b) => a.entry.time - b.entry.time || a.entry.sub - b.entry.sub || compare(a.text, b.text))
    .map(({ entry }) => entry)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
