import { createHash } from 'node:crypto'
import pg from 'pg'
import type { TableMapping } from '../tables/table-mapping.ts'
import { carrierType } from './array-literal.ts'

/** The statements of a table. Those with parameters take one array a column, so their text does not depend on the number of rows. */
export interface TableStatements {
  /** Parameters: the columns, in the mapping's order. */
  readonly upsert: string
  /** The same by way of a table that many rows reach faster: make it or empty it, copy into it, upsert from it. */
  readonly incoming: { readonly prepare: string; readonly copy: string; readonly upsert: string }
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

  const into = `INSERT INTO ${table} AS target (${columns.map(name).join(', ')}) SELECT ${selected.join(', ')} FROM `
  const otherwise =
    ` ON CONFLICT (${key.map(name).join(', ')}) DO ` +
    (assigned.length === 0 ? 'NOTHING' : `UPDATE SET ${assigned.join(', ')}${newer}`)
  const declared = columns.map(
    (column) => `${name(column)} ${carrierType(mapping.columns[column] as string)}`
  )
  // a connection may have one of other columns, from another sink
  const digest = createHash('sha256').update(`${table} ${declared}`).digest('hex').slice(0, 16)
  const incoming = `pg_temp.store_sku_${digest}`

  return {
    upsert: `${into}unnest(${arrays(columns)}) AS rows (${columns.map(name).join(', ')})${otherwise}`,
    incoming: {
      prepare:
        `CREATE TEMP TABLE IF NOT EXISTS store_sku_${digest} (${declared.join(', ')}) ON COMMIT DELETE ROWS; ` +
        `TRUNCATE ${incoming}`,
      copy: `COPY ${incoming} FROM STDIN`,
      upsert: `${into}${incoming}${otherwise}`
    },
    remove:
      `DELETE FROM ${table} AS target USING unnest(${arrays(key)}) AS gone (${key.map(name).join(', ')}) ` +
      `WHERE ${key.map((column) => `target.${name(column)} = gone.${name(column)}`).join(' AND ')}`
  }
}
