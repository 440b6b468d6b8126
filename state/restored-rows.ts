import type { WriteOperation } from './engine.ts'
import type { ChangelogCursor } from './state-store.ts'
import { storedFrom } from './stored-value.ts'

/** Pieces that are taken as they are after one in which keys hardly came again. */
const pausePieces = 8
/** Rows spared, of a piece's records, below which looking for them costs more than it brings. */
const leastPart = 1 / 8

type RecordAt = Pick<
  ChangelogCursor,
  'buffer' | 'keyStart' | 'keyEnd' | 'valueStart' | 'valueEnd' | 'timestamp'
>

/**
 * The rows that a piece of a changelog leaves behind, for one batch of the engine. Where keys come again within a piece only the last record of
 * each is written: a row costs the engine more than finding out.
 */
export class RestoredRows {
  readonly #engineKey: (changelogKey: string) => Buffer
  readonly #latest = new Map<string, { value: Buffer | null }>()
  #rows: WriteOperation[] = []
  #records = 0
  #paused = 0

  /** @param engineKey the engine's key for one of the changelog, given as latin1 text; a buffer of its own */
  constructor(engineKey: (changelogKey: string) => Buffer) {
    this.#engineKey = engineKey
  }

  /** To be called before a piece: what an earlier one left that failed is forgotten. */
  begin(): void {
    this.#rows = []
    this.#latest.clear()
    this.#records = 0
  }

  /** Copies what it keeps: the record's buffer may be written to again. */
  add(record: RecordAt): void {
    const { buffer, keyStart, keyEnd } = record
    const key = buffer.latin1Slice(keyStart, keyEnd)
    this.#records++
    if (this.#paused > 0) {
      this.#rows.push({ key: this.#engineKey(key), value: storedValue(record, undefined) })
      return
    }
    const row = this.#latest.get(key)
    if (row === undefined) this.#latest.set(key, { value: storedValue(record, undefined) })
    else row.value = storedValue(record, row.value ?? undefined)
  }

  /** What the piece leaves. */
  take(): WriteOperation[] {
    const rows = this.#rows
    for (const [key, { value }] of this.#latest) rows.push({ key: this.#engineKey(key), value })
    if (this.#paused > 0) this.#paused--
    else if (this.#records - rows.length < this.#records * leastPart) this.#paused = pausePieces
    this.begin()
    return rows
  }
}

/** The stored form of a record's value, written over an earlier one of the same size. */
function storedValue(record: RecordAt, over: Buffer | undefined): Buffer | null {
  const { buffer, valueStart, valueEnd, timestamp } = record
  return valueStart < 0 ? null : storedFrom(buffer, valueStart, valueEnd, timestamp, over)
}
