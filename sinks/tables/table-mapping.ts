import { StreamsError } from '../../core/errors.ts'
import type { SinkRecord } from '../sink.ts'

/** Column values of one row by column name. A column that is not mentioned is written as NULL. */
export type Row = Readonly<Record<string, unknown>>

/**
 * Partitions are made when rows for them come, each in a transaction of its own: an insert must not wait for another one's partition.
 * One that was dropped is made again.
 */
export interface TablePartition {
  /** Names the partition of a row. */
  of(row: Row): string
  /** A statement that makes the partition named by its one parameter, and does nothing where it exists. */
  readonly make: string
}

/**
 * How records become rows of one table. The key is natural (file and row; store and day), never an offset: a replay from the
 * sources brings the same record with another offset and must find its own row again.
 */
export interface TableMapping<K, V> {
  /** May name a schema: `finance.store_days`. */
  readonly table: string
  /** The columns that are written and their types in the database, e.g. `{ file: 'text', row: 'int', sold_at: 'timestamptz' }`. */
  readonly columns: Readonly<Record<string, string>>
  /** Key columns; the table has a primary key or unique index over exactly these. */
  readonly key: readonly string[]
  /** The row of this record, or null if it has none in this table. What it throws is the reason of a rejection. */
  row(value: V, key: K | null, record: SinkRecord<K, V>): Row | null
  /** The key columns of a tombstone. Without it this table ignores tombstones. Key values must be written as `row` writes them. */
  keyOf?(key: K): Row | null
  /**
   * True for a record that takes its row away instead of writing it; `row` then says which one, in its key columns. As with
   * tombstones the last record of a row counts: added and taken away it is gone, taken away and added it is there.
   */
  removes?(value: V): boolean
  /** Makes the part of a partitioned table that a row goes to, before the row is written. */
  readonly partition?: TablePartition
  /**
   * A column that orders the writes of a row: one with a lower value than the table holds changes nothing. For rows that several
   * partitions feed. Not together with `keyOf` or `removes`, because a deleted row has no version to compare with.
   */
  readonly version?: string
}

const typeName = /^"?[a-z_][a-z0-9_ .]*"?(\(\d+(, ?-?\d+)?\))?[a-z ]*(\[\])?$/i

/** Finds what can be wrong with the tables of a sink before any database is there. Throws CONFIG_INVALID. */
export function checkTables<K, V>(sink: string, tables: readonly TableMapping<K, V>[]): void {
  if (tables.length === 0) throw new StreamsError('CONFIG_INVALID', `sink ${sink} writes no table`)
  for (const table of tables) checkMapping(table)
}

function checkMapping<K, V>(mapping: TableMapping<K, V>): void {
  const fail = (problem: string): never => {
    throw new StreamsError('CONFIG_INVALID', `table ${mapping.table}: ${problem}`)
  }
  if (!/^[^.]+(\.[^.]+)?$/.test(mapping.table)) fail('write its name as table or schema.table')
  if (mapping.key.length === 0)
    fail('a key of at least one column is needed, or a replay would double its rows')
  for (const column of mapping.key)
    if (mapping.columns[column] === undefined) fail(`key column ${column} is not among its columns`)
  for (const [column, type] of Object.entries(mapping.columns))
    if (!typeName.test(type)) fail(`${type} of column ${column} is not the name of a type`)
  if (mapping.version === undefined) return
  if (mapping.columns[mapping.version] === undefined)
    fail(`version column ${mapping.version} is not among its columns`)
  if (mapping.keyOf !== undefined || mapping.removes !== undefined)
    fail('version does not go together with keyOf or removes: a deleted row has no version')
}
