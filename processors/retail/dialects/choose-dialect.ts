import { parse } from 'csv-parse/sync'
import { StreamsError } from '../../../index.ts'
import type { Dialect, SaleReader } from './dialect.ts'
import { foodmart } from './foodmart.ts'
import { onlineRetail } from './online-retail.ts'
import { storeSku } from './store-sku.ts'

/** All dialects, one file each. */
const dialects: readonly Dialect[] = [foodmart, onlineRetail, storeSku]

/** A dialect, made ready for the files with one certain header line. */
interface BoundDialect {
  readonly dialect: Dialect
  /** How many fields each row has. */
  readonly columns: number
  readonly read: SaleReader
}

// Few header lines, very many files and chunks. Bounded, because topics may hold anything.
const mostHeaders = 100
const bound = new Map<string, BoundDialect>()

/** The dialect that has just these columns. Throws FILE_UNREADABLE, naming the nearest dialect and what differs. */
export function chooseDialect(csvHeader: string, delimiter = ','): BoundDialect {
  const key = delimiter + csvHeader
  let dialect = bound.get(key)
  if (dialect === undefined) {
    dialect = bindDialect(csvHeader, delimiter)
    if (bound.size >= mostHeaders) bound.clear()
    bound.set(key, dialect)
  }
  return dialect
}

function bindDialect(csvHeader: string, delimiter: string): BoundDialect {
  const names = columnNames(csvHeader, delimiter)
  const dialect = dialects.find((one) => missing(one, names).length === 0 && unknown(one, names).length === 0)
  if (dialect === undefined) throw new StreamsError('FILE_UNREADABLE', explain(names))
  return { dialect, columns: names.length, read: dialect.reader((column) => names.indexOf(column)) }
}

function columnNames(csvHeader: string, delimiter: string): string[] {
  try {
    const [names = []] = parse(csvHeader, { delimiter, relax_column_count: true, trim: true })
    return names.map((name) => name.toLowerCase())
  } catch (error) {
    throw new StreamsError(
      'FILE_UNREADABLE',
      `its header line is not CSV: ${printable((error as Error).message)}`,
      error
    )
  }
}

function missing(dialect: Dialect, names: readonly string[]): string[] {
  return dialect.columns.filter((column) => !names.includes(column))
}

/** Columns that the dialect does not know, and those that are there again. */
function unknown(dialect: Dialect, names: readonly string[]): string[] {
  const known = (name: string) => dialect.columns.includes(name) || dialect.optional.includes(name)
  return names.filter((name, i) => !known(name) || names.indexOf(name) !== i)
}

function explain(names: readonly string[]): string {
  const difference = (dialect: Dialect) => missing(dialect, names).length + unknown(dialect, names).length
  const nearest = dialects.reduce((best, one) => (difference(one) < difference(best) ? one : best))
  const parts: string[] = []
  const absent = missing(nearest, names)
  if (absent.length > 0) parts.push(`missing: ${absent.join(', ')}`)
  const extra = unknown(nearest, names)
  if (extra.length > 0)
    parts.push(`unknown or repeated: ${extra.map((name) => printable(name) || '(no name)').join(', ')}`)
  return `no dialect has the columns of its header line; the nearest is ${nearest.name} (${parts.join('; ')})`
}

/** A file may have anything for its header line, and a reason goes to databases, which take no control characters. */
function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
