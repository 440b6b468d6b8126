import { StreamsError } from '../../core/errors.ts'
import type { SinkRecord } from '../sink.ts'
import type { Row, TableMapping } from './table-mapping.ts'
import type { ValueEncoder } from './value-encoder.ts'

/** What one record does to one table, its values already in their text form. */
export interface RowChange {
  /** The key's text form: equal for changes of the same row. */
  readonly key: string
  /** All columns, or only those of the key if the row goes. */
  readonly elements: readonly string[]
  readonly gone: boolean
  readonly version: unknown
  /** The partition that must exist before the row is written. */
  readonly partition: string | undefined
}

interface Column {
  readonly name: string
  readonly encode: ValueEncoder
}

/** Finds what records do to one table. */
export class RowChanges<K, V> {
  readonly #mapping: TableMapping<K, V>
  readonly #columns: readonly Column[]
  readonly #key: readonly Column[]
  readonly #keyAt: readonly number[]
  #namesChecked = false

  constructor(mapping: TableMapping<K, V>, encoder: (type: string) => ValueEncoder) {
    this.#mapping = mapping
    this.#columns = Object.entries(mapping.columns).map(([name, type]) => ({ name, encode: encoder(type) }))
    this.#keyAt = mapping.key.map((name) => this.#columns.findIndex((column) => column.name === name))
    this.#key = this.#keyAt.map((at) => this.#columns[at] as Column)
  }

  /** What the record does; null if nothing. Throws the reason why the record cannot be written. */
  of(record: SinkRecord<K, V>): RowChange | null {
    const mapping = this.#mapping
    if (record.value === null) {
      if (mapping.keyOf === undefined) return null
      if (record.key === null) throw new TypeError('a tombstone without a key deletes nothing')
      const row = mapping.keyOf(record.key)
      return row === null ? null : this.#removal(row)
    }
    const row = mapping.row(record.value, record.key, record)
    if (row === null) return null
    if (!this.#namesChecked) this.#checkNames(row)
    if (mapping.removes?.(record.value) === true) return this.#removal(row)
    const elements = this.#columns.map((column) => column.encode(row[column.name]))
    return {
      key: this.#keyText(this.#keyAt.map((at) => elements[at] as string)),
      elements,
      gone: false,
      version: mapping.version === undefined ? undefined : row[mapping.version],
      partition: mapping.partition?.of(row)
    }
  }

  #removal(row: Row): RowChange {
    const elements = this.#key.map((column) => column.encode(row[column.name]))
    return { key: this.#keyText(elements), elements, gone: true, version: undefined, partition: undefined }
  }

  #keyText(elements: readonly string[]): string {
    const missing = elements.indexOf('NULL')
    if (missing >= 0)
      throw new TypeError(`key column ${this.#key[missing]?.name} of ${this.#mapping.table} is null`)
    return elements.join(',')
  }

  /** A misspelt column would be NULL in every row for ever, so the first row is looked at closely. */
  #checkNames(row: Row): void {
    for (const name of Object.keys(row))
      if (this.#mapping.columns[name] === undefined)
        throw new StreamsError(
          'CONFIG_INVALID',
          `table ${this.#mapping.table}: a row has a column ${name} that is not declared`
        )
    this.#namesChecked = true
  }
}

/** Of several changes of a row, in offset order, only the last is left: one statement may touch a row once. */
export function lastOfEachRow(changes: Iterable<RowChange | null>): RowChange[] {
  const last = new Map<string, RowChange>()
  for (const change of changes) {
    if (change === null) continue
    const former = last.get(change.key)
    if (former === undefined || !isOlder(change.version, former.version)) last.set(change.key, change)
  }
  // one order of locks for all writers, so that two of them with rows in common do not wait for each other in a circle
  return [...last.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
}

function isOlder(version: unknown, than: unknown): boolean {
  return version !== undefined && (version as number) < (than as number)
}
