import { StreamsError } from '../../core/errors.ts'
import type { Engine, EngineEntry, EngineProperties, WriteOperation } from '../engine.ts'
import { SortedList } from '../sorted-list.ts'

interface Row extends EngineEntry {
  /** The key's bytes as latin1 text. */
  readonly text: string
}

/** Lives as long as the process. Its order is kept from the first scan on, so that a store never scanned does not pay for it. */
export class MemoryEngine implements Engine {
  readonly kind = 'memory'
  readonly dropsRanges = true
  readonly #name: string
  readonly #rows = new Map<string, Row>()
  #sorted: SortedList<Row> | undefined
  #open = true

  constructor(name: string) {
    this.#name = name
  }

  getSync(key: Buffer): Buffer | undefined {
    this.#check()
    return this.#rows.get(key.latin1Slice())?.value
  }

  multiGetSync(keys: readonly Buffer[]): (Buffer | undefined)[] {
    return keys.map((key) => this.getSync(key))
  }

  writeBatchSync(operations: readonly WriteOperation[]): void {
    this.#check()
    for (const { key, value } of operations) {
      const text = key.latin1Slice()
      const known = this.#rows.has(text)
      if (known) this.#sorted?.delete(text)
      if (value === null) {
        this.#rows.delete(text)
      } else {
        const row = { text, key: Buffer.from(key), value: Buffer.from(value) }
        this.#rows.set(text, row)
        this.#sorted?.add(row)
      }
    }
  }

  scanSync(from: Buffer, to: Buffer | undefined, reverse: boolean, limit: number): EngineEntry[] {
    this.#check()
    this.#sorted ??= new SortedList((row) => row.text, this.#rows.values())
    return this.#sorted.range(from.latin1Slice(), to?.latin1Slice(), reverse, limit)
  }

  deleteRangeSync(from: Buffer, to: Buffer): void {
    this.#check()
    const first = from.latin1Slice()
    const end = to.latin1Slice()
    for (const text of this.#rows.keys()) if (text >= first && text < end) this.#rows.delete(text)
    this.#sorted = undefined
  }

  properties(): EngineProperties {
    return {
      tableBytes: 0,
      memtableBytes: undefined,
      blockCacheBytes: undefined,
      tableReaderBytes: undefined,
      stalled: false,
      runningCompactions: 0
    }
  }

  close(): Promise<void> {
    this.#open = false
    this.#rows.clear()
    this.#sorted = undefined
    return Promise.resolve()
  }

  #check(): void {
    if (!this.#open) throw new StreamsError('STORE_CLOSED', `store ${this.#name} is closed`)
  }
}
