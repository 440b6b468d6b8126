import type { ClientBase } from 'pg'
import { StreamsError } from '../../core/errors.ts'
import type { SinkRecord } from '../sink.ts'
import { type ElementEncoder, elementEncoder } from './array-literal.ts'
import { checkMapping, type Row, type TableMapping } from './table-mapping.ts'
import { type TableStatements, tableStatements } from './table-statements.ts'

/** What one record does to one table, its values already in their text form. */
export interface RowChange {
  /** The key's text form: equal for changes of the same row. */
  readonly key: string
  /** All columns, or only those of the key if the row goes. */
  readonly elements: readonly string[]
  readonly gone: boolean
  readonly version: unknown
}

interface Column {
  readonly name: string
  readonly encode: ElementEncoder
}

/** Writes changes of one table, many rows a statement. */
export class TableWriter<K, V> {
  readonly #mapping: TableMapping<K, V>
  readonly #columns: readonly Column[]
  readonly #key: readonly Column[]
  readonly #keyAt: readonly number[]
  readonly #statements: TableStatements
  readonly #rowsPerStatement: number
  #namesChecked = false

  constructor(mapping: TableMapping<K, V>, rowsPerStatement: number) {
    checkMapping(mapping)
    this.#mapping = mapping
    this.#columns = Object.entries(mapping.columns).map(([name, type]) => ({
      name,
      encode: elementEncoder(type)
    }))
    this.#keyAt = mapping.key.map((name) => this.#columns.findIndex((column) => column.name === name))
    this.#key = this.#keyAt.map((at) => this.#columns[at] as Column)
    this.#statements = tableStatements(mapping)
    this.#rowsPerStatement = rowsPerStatement
  }

  /** What the record does to this table; null if nothing. Throws the reason why the record cannot be written. */
  change(record: SinkRecord<K, V>): RowChange | null {
    const mapping = this.#mapping
    if (record.value === null) {
      if (mapping.keyOf === undefined) return null
      if (record.key === null) throw new TypeError('a tombstone without a key deletes nothing')
      const row = mapping.keyOf(record.key)
      if (row === null) return null
      const elements = this.#key.map((column) => column.encode(row[column.name]))
      return { key: this.#keyText(elements), elements, gone: true, version: undefined }
    }
    const row = mapping.row(record.value, record.key, record)
    if (row === null) return null
    if (!this.#namesChecked) this.#checkNames(row)
    const elements = this.#columns.map((column) => column.encode(row[column.name]))
    return {
      key: this.#keyText(this.#keyAt.map((at) => elements[at] as string)),
      elements,
      gone: false,
      version: mapping.version === undefined ? undefined : row[mapping.version]
    }
  }

  /** Of several changes of a row only the last is left: one statement may touch a row once. */
  merge(changes: Iterable<RowChange | null>): RowChange[] {
    const last = new Map<string, RowChange>()
    for (const change of changes) {
      if (change === null) continue
      const former = last.get(change.key)
      if (former === undefined || !isOlder(change.version, former.version)) last.set(change.key, change)
    }
    // one order of locks for all writers, so that two of them with rows in common do not wait for each other in a circle
    return [...last.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  }

  async upsert(client: ClientBase, changes: readonly RowChange[]): Promise<void> {
    await this.#run(
      client,
      this.#statements.upsert,
      this.#columns.length,
      changes.filter((change) => !change.gone)
    )
  }

  async remove(client: ClientBase, changes: readonly RowChange[]): Promise<void> {
    await this.#run(
      client,
      this.#statements.remove,
      this.#key.length,
      changes.filter((change) => change.gone)
    )
  }

  async #run(
    client: ClientBase,
    statement: string,
    width: number,
    changes: readonly RowChange[]
  ): Promise<void> {
    for (let from = 0; from < changes.length; from += this.#rowsPerStatement) {
      const chunk = changes.slice(from, from + this.#rowsPerStatement)
      const parameters: string[] = []
      for (let at = 0; at < width; at++)
        parameters.push(`{${chunk.map((change) => change.elements[at]).join(',')}}`)
      await client.query(statement, parameters)
    }
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

function isOlder(version: unknown, than: unknown): boolean {
  return version !== undefined && (version as number) < (than as number)
}
