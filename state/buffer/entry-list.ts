import type { BufferEntry } from './entry.ts'

/** Entries in the order in which they were last added or touched. An entry is in one list at most, whose links it carries. */
export class EntryList<K, V> {
  #newest: BufferEntry<K, V> | undefined
  #oldest: BufferEntry<K, V> | undefined

  get oldest(): BufferEntry<K, V> | undefined {
    return this.#oldest
  }

  get newest(): BufferEntry<K, V> | undefined {
    return this.#newest
  }

  add(entry: BufferEntry<K, V>): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  remove(entry: BufferEntry<K, V>): void {
    if (entry.newer === undefined) this.#newest = entry.older
    else entry.newer.older = entry.older
    if (entry.older === undefined) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    entry.newer = undefined
    entry.older = undefined
  }

  /** Makes it the last one. */
  touch(entry: BufferEntry<K, V>): void {
    if (entry === this.#newest) return
    this.remove(entry)
    this.add(entry)
  }

  clear(): void {
    this.#newest = undefined
    this.#oldest = undefined
  }

  /** All of them, the oldest first. */
  toArray(): BufferEntry<K, V>[] {
    const entries: BufferEntry<K, V>[] = []
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) entries.push(entry)
    return entries
  }
}
