const chunkSize = 512

/**
 * Items ordered by a text of theirs that never changes (unique among them): sorted chunks of up to 512, so that adding, deleting
 * and seeking cost two binary searches and a short move. Text of bytes in latin1 orders as the unsigned bytes do.
 */
export class SortedList<T> {
  readonly #keyOf: (item: T) => string
  /** None is empty. */
  #chunks: T[][] = []

  constructor(keyOf: (item: T) => string, items: Iterable<T> = []) {
    this.#keyOf = keyOf
    const sorted = [...items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    // half full, so that the first additions do not split every chunk
    for (let i = 0; i < sorted.length; i += chunkSize / 2)
      this.#chunks.push(sorted.slice(i, i + chunkSize / 2))
  }

  add(item: T): void {
    const key = this.#keyOf(item)
    const at = Math.min(this.#chunkOf(key), this.#chunks.length - 1)
    const chunk = this.#chunks[at]
    if (chunk === undefined) {
      this.#chunks.push([item])
      return
    }
    chunk.splice(this.#within(chunk, key), 0, item)
    if (chunk.length > chunkSize) this.#chunks.splice(at + 1, 0, chunk.splice(chunkSize / 2))
  }

  delete(key: string): void {
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at]
    if (chunk === undefined) return
    const within = this.#within(chunk, key)
    if (this.#keyOf(chunk[within] as T) !== key) return
    if (chunk.length === 1) this.#chunks.splice(at, 1)
    else chunk.splice(within, 1)
  }

  /** The first item at or after `key`, or only after it when `exclusive`. */
  next(key: string, exclusive: boolean): T | undefined {
    return this.range(exclusive ? `${key}\0` : key, undefined, false, 1)[0]
  }

  /** The last item before `key`; without a key, the last. */
  previous(key: string | undefined): T | undefined {
    return this.range('', key, true, 1)[0]
  }

  /** Up to `limit` items with from <= key < to (`to` undefined: no end), from the far end when `reverse`. */
  range(from: string, to: string | undefined, reverse: boolean, limit: number): T[] {
    const found: T[] = []
    if (reverse) this.#backward(from, to, limit, found)
    else this.#forward(from, to, limit, found)
    return found
  }

  #forward(from: string, to: string | undefined, limit: number, found: T[]): void {
    let at = this.#chunkOf(from)
    let within = at < this.#chunks.length ? this.#within(this.#chunks[at] as T[], from) : 0
    while (found.length < limit) {
      const item = this.#chunks[at]?.[within]
      if (item === undefined || (to !== undefined && this.#keyOf(item) >= to)) return
      found.push(item)
      if (++within === this.#chunks[at]?.length) {
        at++
        within = 0
      }
    }
  }

  #backward(from: string, to: string | undefined, limit: number, found: T[]): void {
    let at = to === undefined ? this.#chunks.length : this.#chunkOf(to)
    let within = to !== undefined && at < this.#chunks.length ? this.#within(this.#chunks[at] as T[], to) : 0
    while (found.length < limit) {
      if (--within < 0) {
        if (--at < 0) return
        within = (this.#chunks[at] as T[]).length - 1
      }
      const item = this.#chunks[at]?.[within] as T
      if (this.#keyOf(item) < from) return
      found.push(item)
    }
  }

  /** The chunk that holds the first item at or after `key`. */
  #chunkOf(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const chunk = this.#chunks[middle] as T[]
      if (this.#keyOf(chunk[chunk.length - 1] as T) < key) low = middle + 1
      else high = middle
    }
    return low
  }

  #within(chunk: T[], key: string): number {
    let low = 0
    let high = chunk.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#keyOf(chunk[middle] as T) < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
