import type { Engine, EngineEntry, WriteOperation } from '../engine.ts'
import { EngineRows, mergeScan } from '../merge-scan.ts'
import { SortedList } from '../sorted-list.ts'

interface PendingRow extends WriteOperation {
  /** The key's bytes as latin1 text. */
  readonly text: string
}

/** What a row costs beside its bytes: the objects around it. */
const overheadBytes = 160

/** Rows that wait for the engine's next batch, and reads that see them before those of the engine. Null values stand for deleted rows. */
export class PendingRows {
  readonly #engine: Engine
  readonly #rows = new Map<string, PendingRow>()
  #sorted = new SortedList<PendingRow>((row) => row.text)
  #bytes = 0

  constructor(engine: Engine) {
    this.#engine = engine
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: Buffer): Buffer | undefined {
    const row = this.#rows.get(key.latin1Slice())
    return row === undefined ? this.#engine.getSync(key) : (row.value ?? undefined)
  }

  put(key: Buffer, value: Buffer | null): void {
    const text = key.latin1Slice()
    const known = this.#rows.get(text)
    const row = { text, key, value }
    if (known === undefined) this.#bytes += overheadBytes + 2 * key.length
    else {
      this.#sorted.delete(text)
      this.#bytes -= known.value?.length ?? 0
    }
    this.#bytes += value?.length ?? 0
    this.#rows.set(text, row)
    this.#sorted.add(row)
  }

  /** Rows with from <= key < to whose keys are `keyBytes` long. Nothing may be put before it ends. */
  scan(from: Buffer, to: Buffer, keyBytes: number): Generator<EngineEntry, undefined, undefined> {
    const first = from.latin1Slice()
    const end = to.latin1Slice()
    const rows = new EngineRows<string>(
      this.#engine,
      { from, to, reverse: false },
      ({ key }) => (key.length === keyBytes ? key.latin1Slice() : undefined),
      () => 0
    )
    const after = (position: string | undefined): PendingRow | undefined => {
      let row = this.#sorted.next(position ?? first, position !== undefined)
      while (row !== undefined && row.text < end && row.key.length !== keyBytes)
        row = this.#sorted.next(row.text, true)
      return row !== undefined && row.text < end ? row : undefined
    }
    return mergeScan(rows, { after, positionOf: (row: PendingRow) => row.text }, false, {
      row: (row) => row,
      entry: ({ key, value }: PendingRow) => (value === null ? undefined : { key, value })
    })
  }

  operations(): WriteOperation[] {
    return [...this.#rows.values()]
  }

  clear(): void {
    this.#rows.clear()
    this.#sorted = new SortedList<PendingRow>((row) => row.text)
    this.#bytes = 0
  }
}
