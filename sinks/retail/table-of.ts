import type { TableMapping } from '../../index.ts'
import { formatAmount } from '../../processors/retail/format-amount.ts'
import { ledgerParts } from '../../processors/retail/ledger-key.ts'
import { RATE_SCALE } from '../../processors/retail/model.ts'

const rateDecimals = 8

/** Types of columns, and those that the database has for them. Amounts are whole ten-thousandths, rates whole parts of RATE_SCALE. */
const databaseTypes = {
  text: 'text',
  date: 'date',
  integer: 'integer',
  bigint: 'bigint',
  boolean: 'boolean',
  'double precision': 'double precision',
  numeric: 'numeric',
  amount: 'numeric',
  rate: 'numeric'
} as const
type ColumnType = keyof typeof databaseTypes

/** A column: its type, and the property that it shows or what makes it of the value and its key. */
type Column<V> = readonly [type: ColumnType, of: (keyof V & string) | ((value: V, key: string) => unknown)]
export type Columns<V> = Readonly<Record<string, Column<V>>>

export interface TableOptions<V> {
  readonly table: string
  /** In the order of the parts of the record's key, which tombstones are found by. */
  readonly key: readonly string[]
  readonly columns: Columns<V>
}

/** How the values of a topic become rows of a table, a line a column. Keys are those that `ledgerKey` makes. */
export function tableOf<V>({ table, key, columns }: TableOptions<V>): TableMapping<string, V> {
  const all = Object.entries(columns)
  const cells = all.map(([name, [type, of]]) => ({ name, cell: cellOf<V>(type, of) }))
  return {
    table,
    key,
    columns: Object.fromEntries(all.map(([name, [type]]) => [name, databaseTypes[type]])),
    keyOf(text) {
      const parts = ledgerParts(text)
      return Object.fromEntries(key.map((name, at) => [name, keyPart(columns[name]?.[0], parts[at] ?? '')]))
    },
    row(value, text) {
      const row: Record<string, unknown> = {}
      for (const { name, cell } of cells) row[name] = cell(value, text ?? '')
      return row
    }
  }
}

/** What a column has of a value. */
function cellOf<V>(type: ColumnType, of: Column<V>[1]): (value: V, key: string) => unknown {
  const read = typeof of === 'function' ? of : (value: V) => value[of]
  if (type === 'amount') return (value, key) => orNull(read(value, key), formatAmount)
  return type === 'rate' ? (value, key) => orNull(read(value, key), rateText) : read
}

function orNull(value: unknown, text: (number: number) => string): string | null {
  return value === null ? null : text(value as number)
}

function rateText(rate: number): string {
  return (rate / RATE_SCALE).toFixed(rateDecimals)
}

/** A part of a record's key as `row` would write it. */
function keyPart(type: ColumnType | undefined, text: string): unknown {
  if (type === 'amount') return formatAmount(Number(text))
  return type === 'integer' || type === 'bigint' ? Number(text) : text
}

/** A statement that makes the table of a mapping, where there is none. */
export function createTable({ table, columns, key }: TableMapping<string, never>): string {
  const lines = Object.entries(columns).map(([name, type]) => `${name} ${type}`)
  return `CREATE TABLE IF NOT EXISTS ${table} (${lines.join(', ')}, PRIMARY KEY (${key.join(', ')}))`
}
