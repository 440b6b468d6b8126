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

/** The last record of a key. */
interface Row {
  buffer: Buffer
  valueStart: number
  valueEnd: number
  timestamp: number
}

/**
 * The rows that a piece of a changelog leaves behind, for one batch of the engine. Where keys come again within a piece only the last record of
 * each is written: a row costs the engine more than finding out.
 */
export class RestoredRows {
  readonly #engineKey: (changelogKey: string) => Buffer
  readonly #latest = new Map<string, Row>()
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

  add(record: RecordAt): void {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd, timestamp } = record
    const key = buffer.latin1Slice(keyStart, keyEnd)
    this.#records++
    if (this.#paused > 0) {
      this.#rows.push(this.#operation(key, record))
      return
    }
    const row = this.#latest.get(key)
    if (row === undefined) this.#latest.set(key, { buffer, valueStart, valueEnd, timestamp })
    else {
      row.buffer = buffer
      row.valueStart = valueStart
      row.valueEnd = valueEnd
      row.timestamp = timestamp
    }
  }

  /** What the piece leaves. To be called before its records' bytes are given back. */
  take(): WriteOperation[] {
    const rows = this.#rows
    for (const [key, row] of this.#latest) rows.push(this.#operation(key, row))
    if (this.#paused > 0) this.#paused--
    else if (this.#records - rows.length < this.#records * leastPart) this.#paused = pausePieces
    this.begin()
    return rows
  }

  #operation(key: string, { buffer, valueStart, valueEnd, timestamp }: Row): WriteOperation {
    return {
      key: this.#engineKey(key),
      value: valueStart < 0 ? null : storedFrom(buffer, valueStart, valueEnd, timestamp)
    }
  }
}
