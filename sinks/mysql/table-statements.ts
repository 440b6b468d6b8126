import { escapeId } from 'mysql2'
import type { RowChange } from '../tables/row-changes.ts'
import type { TableMapping } from '../tables/table-mapping.ts'
import { RowTooLarge } from './failures.ts'

/** Most that one statement carries. */
export interface StatementLimits {
  readonly rows: number
  readonly bytes: number
  /** What the server reads at all. */
  readonly packetBytes: number
}

/** The statements of one table; each carries its rows as literals. */
export class TableStatements {
  readonly #insert: string
  readonly #update: string
  readonly #delete: string
  readonly #key: readonly string[]

  constructor(mapping: TableMapping<never, never>) {
    const table = mapping.table
      .split('.')
      .map((part) => escapeId(part, true))
      .join('.')
    const columns = Object.keys(mapping.columns)
    const { key, version } = mapping
    this.#key = key.map(name)
    this.#insert = `INSERT INTO ${table} (${columns.map(name).join(', ')}) VALUES `
    const newer = (column: string): string =>
      version === undefined
        ? `VALUES(${name(column)})`
        : `IF(VALUES(${name(version)}) >= ${name(version)}, VALUES(${name(column)}), ${name(column)})`
    const assigned = columns.filter((column) => !key.includes(column) && column !== version)
    // assigned from left to right: the version is compared until it is assigned itself
    if (version !== undefined && !key.includes(version)) assigned.push(version)
    const kept = `${this.#key[0]} = ${this.#key[0]}`
    this.#update = ` ON DUPLICATE KEY UPDATE ${
      assigned.length === 0 ? kept : assigned.map((column) => `${name(column)} = ${newer(column)}`).join(', ')
    }`
    this.#delete = `DELETE FROM ${table} WHERE `
  }

  *upserts(changes: readonly RowChange[], limits: StatementLimits): Generator<string> {
    const rows = changes.map(({ elements }) => `(${elements.join(',')})`)
    for (const some of cut(rows, limits)) yield this.#insert + some.join(',') + this.#update
  }

  /** Conditions rather than a list of tuples: MariaDB finds by the index for these alone. */
  *removals(changes: readonly RowChange[], limits: StatementLimits): Generator<string> {
    const rows = changes.map(({ elements }) =>
      this.#key.map((column, at) => `${column} = ${elements[at]}`).join(' AND ')
    )
    for (const some of cut(rows, limits)) yield `${this.#delete}(${some.join(') OR (')})`
  }
}

const name = (column: string): string => escapeId(column, true)

/** Room for the rest of a statement. */
const frameBytes = 16_384

function* cut(rows: readonly string[], limits: StatementLimits): Generator<readonly string[]> {
  let from = 0
  while (from < rows.length) {
    let to = from
    let bytes = 0
    while (to < rows.length && to - from < limits.rows) {
      const more = Buffer.byteLength(rows[to] as string) + 6
      if (more + frameBytes > limits.packetBytes)
        throw new RowTooLarge(`a row of ${more} bytes is more than the server reads (max_allowed_packet)`)
      if (to > from && bytes + more + frameBytes > Math.min(limits.bytes, limits.packetBytes)) break
      bytes += more
      to++
    }
    yield rows.slice(from, to)
    from = to
  }
}
