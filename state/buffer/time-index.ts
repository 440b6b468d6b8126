import type { BufferEntry, BufferIndex } from './entry.ts'

/** Entries by the bytes of their key, then by their times: a fetch of one key meets the entries of that key only. */
export class TimeIndex<K, V> implements BufferIndex<K, V> {
  /** The entries of each key, oldest first; none is empty. */
  readonly #entries = new Map<string, BufferEntry<K, V>[]>()

  find(bytes: Buffer, start: number, end: number, time: number, sub: number): BufferEntry<K, V> | undefined {
    return this.get(bytes.latin1Slice(start, end), time, sub)
  }

  /** By the key's bytes as latin1 text. */
  get(id: string, time: number, sub: number): BufferEntry<K, V> | undefined {
    const entries = this.#entries.get(id)
    if (entries === undefined) return undefined
    const entry = entries[firstFrom(entries, time, sub)]
    return entry?.time === time && entry.sub === sub ? entry : undefined
  }

  /** The key's first buffered entry at or after (time, sub), or only after it when `exclusive`. */
  next(id: string, time: number, sub: number, exclusive: boolean): BufferEntry<K, V> | undefined {
    const entries = this.#entries.get(id)
    if (entries === undefined) return undefined
    const at = firstFrom(entries, time, sub)
    const entry = entries[at]
    return exclusive && entry?.time === time && entry.sub === sub ? entries[at + 1] : entry
  }

  /** The key's last buffered entry before (time, sub). */
  previous(id: string, time: number, sub: number): BufferEntry<K, V> | undefined {
    const entries = this.#entries.get(id)
    return entries?.[firstFrom(entries, time, sub) - 1]
  }

  /** In no order. */
  *all(): Generator<BufferEntry<K, V>, undefined, undefined> {
    for (const entries of this.#entries.values()) yield* entries
  }

  add(entry: BufferEntry<K, V>): void {
    const entries = this.#entries.get(entry.id)
    if (entries === undefined) this.#entries.set(entry.id, [entry])
    else entries.splice(firstFrom(entries, entry.time, entry.sub), 0, entry)
  }

  remove(entry: BufferEntry<K, V>): void {
    const entries = this.#entries.get(entry.id)
    if (entries === undefined) return
    entries.splice(firstFrom(entries, entry.time, entry.sub), 1)
    if (entries.length === 0) this.#entries.delete(entry.id)
  }

  clear(): void {
    this.#entries.clear()
  }
}

interface Times {
  readonly time: number
  readonly sub: number
}

function isBefore(entry: Times, time: number, sub: number): boolean {
  return entry.time < time || (entry.time === time && entry.sub < sub)
}

/** The index of the first entry at or after (time, sub). New ones are mostly the latest: looked for from there. */
function firstFrom(entries: readonly Times[], time: number, sub: number): number {
  const last = entries[entries.length - 1]
  if (last === undefined || isBefore(last, time, sub)) return entries.length
  let low = 0
  let high = entries.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(entries[middle] as Times, time, sub)) low = middle + 1
    else high = middle
  }
  return low
}
