import type { Engine, EngineEntry } from './engine.ts'

/** Where an entry stands in a scan: a text in the order of bytes, or a number. */
export type Position = string | number

/** Committed rows in the order of their positions. */
export interface RowSource<P extends Position> {
  /** The next row and its position; undefined at the end. */
  peek(): { readonly position: P; readonly row: EngineEntry } | undefined
  skip(): void
}

const firstChunk = 32
const lastChunk = 1024
const zero = Buffer.alloc(1)

/** Reads a range of an engine in chunks that grow: a short scan should not pay for a long one. */
export class EngineRows<P extends Position> implements RowSource<P> {
  readonly #engine: Engine
  readonly #reverse: boolean
  readonly #positionOf: (row: EngineEntry) => P | undefined
  readonly #generation: () => number
  readonly #from: Buffer
  readonly #to: Buffer
  /** The key of the row skipped last: a scan is past it. */
  #passed: Buffer | undefined
  /** The key up to which rows were looked at, which may be ahead of the scan where some were passed over. */
  #read: Buffer | undefined
  #chunk: EngineEntry[] = []
  #chunkGeneration = -1
  #limit = firstChunk
  #at = 0
  #ended = false
  #head: { position: P; row: EngineEntry } | undefined

  /** `positionOf` says undefined for rows to pass over. When `generation` changes, what was read ahead is read again. */
  constructor(
    engine: Engine,
    range: { from: Buffer; to: Buffer; reverse: boolean },
    positionOf: (row: EngineEntry) => P | undefined,
    generation: () => number
  ) {
    this.#engine = engine
    this.#from = range.from
    this.#to = range.to
    this.#reverse = range.reverse
    this.#positionOf = positionOf
    this.#generation = generation
  }

  peek(): { readonly position: P; readonly row: EngineEntry } | undefined {
    if (this.#chunkGeneration !== this.#generation()) this.#restart()
    while (this.#head === undefined) {
      if (this.#at === this.#chunk.length && !this.#fill()) return undefined
      const row = this.#chunk[this.#at] as EngineEntry
      const position = this.#positionOf(row)
      if (position === undefined) this.#next()
      else this.#head = { position, row }
    }
    return this.#head
  }

  skip(): void {
    this.#next()
    this.#passed = this.#read
    this.#head = undefined
  }

  #next(): void {
    this.#read = (this.#chunk[this.#at++] as EngineEntry).key
  }

  #restart(): void {
    this.#chunkGeneration = this.#generation()
    this.#chunk = []
    this.#at = 0
    this.#head = undefined
    this.#ended = false
    // there may be new rows among those that were passed over
    this.#read = this.#passed
  }

  #fill(): boolean {
    if (this.#ended) return false
    const read = this.#read
    // the first key after another is that key and a zero byte
    const from = read === undefined || this.#reverse ? this.#from : Buffer.concat([read, zero])
    const to = read !== undefined && this.#reverse ? read : this.#to
    this.#chunk = this.#engine.scanSync(from, to, this.#reverse, this.#limit)
    this.#at = 0
    this.#ended = this.#chunk.length < this.#limit
    this.#limit = Math.min(lastChunk, this.#limit * 4)
    return this.#chunk.length > 0
  }
}

/** Several sources as one; their positions differ. */
export class MergedRows<P extends Position> implements RowSource<P> {
  readonly #sources: readonly RowSource<P>[]
  readonly #reverse: boolean
  readonly #refresh: (() => void) | undefined
  #first: RowSource<P> | undefined

  /** Before each look `refresh` may add to the sources. */
  constructor(sources: readonly RowSource<P>[], reverse: boolean, refresh?: () => void) {
    this.#sources = sources
    this.#reverse = reverse
    this.#refresh = refresh
  }

  peek(): { readonly position: P; readonly row: EngineEntry } | undefined {
    this.#refresh?.()
    let first: { readonly position: P; readonly row: EngineEntry } | undefined
    for (const source of this.#sources) {
      const head = source.peek()
      if (head === undefined) continue
      if (first !== undefined && first.position < head.position !== this.#reverse) continue
      first = head
      this.#first = source
    }
    return first
  }

  skip(): void {
    this.#first?.skip()
  }
}

/** Rows at hand; their positions differ. */
export class StoredRows<P extends Position> implements RowSource<P> {
  readonly #rows: { readonly position: P; readonly row: EngineEntry }[]
  #at = 0

  constructor(rows: { readonly position: P; readonly row: EngineEntry }[], reverse: boolean) {
    this.#rows = rows.sort((a, b) => (a.position < b.position !== reverse ? -1 : 1))
  }

  peek(): { readonly position: P; readonly row: EngineEntry } | undefined {
    return this.#rows[this.#at]
  }

  skip(): void {
    this.#at++
  }
}

/**
 * Walks committed rows and buffered entries in one order. A buffered entry hides the row at its position, even where it stands for
 * an absent key. Buffered entries are asked for one at a time, so a scan sees puts made while it runs, ahead of it.
 */
export function* mergeScan<P extends Position, E, T>(
  rows: RowSource<P>,
  entries: { after(position: P | undefined): E | undefined; positionOf(entry: E): P },
  reverse: boolean,
  emit: { row(row: EngineEntry, position: P): T; entry(entry: E): T | undefined }
): Generator<T, undefined, undefined> {
  let last: P | undefined
  for (;;) {
    let head = rows.peek()
    // rows hidden by a buffered entry; after a commit in the middle of a scan also what came from the buffer before
    while (
      head !== undefined &&
      last !== undefined &&
      (reverse ? head.position >= last : head.position <= last)
    ) {
      rows.skip()
      head = rows.peek()
    }
    const entry = entries.after(last)
    if (entry !== undefined) {
      const position = entries.positionOf(entry)
      if (head === undefined || position === head.position || position < head.position !== reverse) {
        last = position
        const item = emit.entry(entry)
        if (item !== undefined) yield item
        continue
      }
    }
    if (head === undefined) return
    rows.skip()
    last = head.position
    yield emit.row(head.row, head.position)
  }
}
