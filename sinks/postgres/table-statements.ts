import pg from 'pg'
import { carrierType } from './array-literal.ts'
import type { TableMapping } from './table-mapping.ts'

/** The two statements of a table. Each takes one array a column, so its text does not depend on the number of rows. */
export interface TableStatements {
  /** Parameters: the columns, in the mapping's order. */
  readonly upsert: string
  /** Parameters: the key columns. */
  readonly remove: string
}

const name = pg.escapeIdentifier

export function tableStatements<K, V>(mapping: TableMapping<K, V>): TableStatements {
  const table = mapping.table.split('.').map(name).join('.')
  const columns = Object.keys(mapping.columns)
  const { key, version } = mapping

  const arrays = (names: readonly string[]): string =>
    names.map((column, i) => `$${i + 1}::${carrierType(mapping.columns[column] as string)}[]`).join(', ')
  const selected = columns.map((column) => {
    const type = mapping.columns[column] as string
    return type.endsWith('[]') ? `${name(column)}::${type}` : name(column)
  })
  const assigned = columns
    .filter((column) => !key.includes(column))
    .map((column) => `${name(column)} = EXCLUDED.${name(column)}`)
  const newer = version === undefined ? '' : ` WHERE target.${name(version)} <= EXCLUDED.${name(version)}`

  return {
    upsert:
      `INSERT INTO ${table} AS target (${columns.map(name).join(', ')}) ` +
      `SELECT ${selected.join(', ')} FROM unnest(${arrays(columns)}) AS rows (${columns.map(name).join(', ')}) ` +
      `ON CONFLICT (${key.map(name).join(', ')}) DO ` +
      (assigned.length === 0 ? 'NOTHING' : `UPDATE SET ${assigned.join(', ')}${newer}`),
    remove:
      `DELETE FROM ${table} AS target USING unnest(${arrays(key)}) AS gone (${key.map(name).join(', ')}) ` +
      `WHERE ${key.map((column) => `target.${name(column)} = gone.${name(column)}`).join(' AND ')}`
  }
}
