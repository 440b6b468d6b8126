import type { BufferEntry } from './entry.ts'

/** The clean entries, linked from the one used last to the one used longest ago. */
export class CleanEntries<K, V> {
  #newest: BufferEntry<K, V> | undefined
  #oldest: BufferEntry<K, V> | undefined

  get oldest(): BufferEntry<K, V> | undefined {
    return this.#oldest
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

  /** Makes it the one used last. */
  touch(entry: BufferEntry<K, V>): void {
    if (entry === this.#newest) return
    this.remove(entry)
    this.add(entry)
  }

  clear(): void {
    this.#newest = undefined
    this.#oldest = undefined
  }
}
