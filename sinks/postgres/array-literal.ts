import type { RowChange } from '../tables/row-changes.ts'
import type { ValueEncoder } from '../tables/value-encoder.ts'

/*
 * PostgreSQL's text form of one-dimensional arrays, `{1,NULL,"a \"b\""}`: one parameter carries a column of many rows.
 * The driver's own encoder is not used: it knows neither the column's type (a JSON array is not a PostgreSQL array) nor a time
 * zone other than the machine's.
 */

const special = /["\\]/
const specials = /["\\]/g

function quoted(text: string): string {
  return special.test(text) ? `"${text.replace(specials, '\\$&')}"` : `"${text}"`
}

function plain(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'number':
    case 'bigint':
      return String(value)
    case 'boolean':
      return value ? 't' : 'f'
    case 'undefined':
      return 'NULL'
    case 'object':
      if (value === null) return 'NULL'
      if (value instanceof Date) return `"${value.toISOString()}"`
      if (value instanceof Uint8Array)
        return `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}"`
      return quoted(JSON.stringify(value))
    default:
      throw new TypeError(`a ${typeof value} has no form in PostgreSQL`)
  }
}

function document(value: unknown): string {
  return value === null || value === undefined ? 'NULL' : quoted(JSON.stringify(value))
}

function list(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (!Array.isArray(value)) throw new TypeError(`an array is wanted, not a ${typeof value}`)
  return quoted(`{${value.map(plain).join(',')}}`)
}

/** The encoder for elements of an array of that type. */
export function elementEncoder(type: string): ValueEncoder {
  if (type.endsWith('[]')) return list
  return /^jsonb?$/i.test(type) ? document : plain
}

/**
 * The type whose array carries the column: without length or precision, because a cast to `varchar(3)` cuts silently where an
 * assignment complains. `unnest` flattens arrays of arrays, so an array column travels as text and is cast behind it.
 */
export function carrierType(type: string): string {
  if (type.endsWith('[]')) return 'text'
  const bare = type.replace(/\([^)]*\)/, '').trim()
  const unbounded: Readonly<Record<string, string>> = { char: 'bpchar', character: 'bpchar', bit: 'varbit' }
  return unbounded[bare.toLowerCase()] ?? bare
}

/** The changes as one array a column. */
export function arrayLiterals(changes: readonly RowChange[]): string[] {
  const [first] = changes
  if (first === undefined) return []
  return first.elements.map((_, at) => `{${changes.map(({ elements }) => elements[at]).join(',')}}`)
}
