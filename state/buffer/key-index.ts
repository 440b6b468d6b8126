import type { BufferEntry, BufferIndex } from './entry.ts'

/** Entries by the bytes of their key. Callers pass byte ranges, so that the text in between can go. */
export class KeyIndex<K, V> implements BufferIndex<K, V> {
  readonly #entries = new Map<string, BufferEntry<K, V>>()

  find(bytes: Buffer, start: number, end: number): BufferEntry<K, V> | undefined {
    return this.#entries.get(bytes.latin1Slice(start, end))
  }

  /** By the bytes as latin1 text. */
  get(id: string): BufferEntry<K, V> | undefined {
    return this.#entries.get(id)
  }

  add(entry: BufferEntry<K, V>): void {
    this.#entries.set(entry.id, entry)
  }

  remove(entry: BufferEntry<K, V>): void {
    this.#entries.delete(entry.id)
  }

  clear(): void {
    this.#entries.clear()
  }
}
