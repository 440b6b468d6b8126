import { escape as literal } from 'mysql2'
import { StreamsError } from '../../core/errors.ts'
import type { ValueEncoder } from '../tables/value-encoder.ts'

/*
 * Values as literals of SQL. The driver's own encoder is not used: it writes what it does not know as an object's columns, and what
 * is not a number as a name.
 */

function plain(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return literal(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no form in MySQL`)
      return String(value)
    case 'bigint':
      return String(value)
    case 'boolean':
      return value ? '1' : '0'
    case 'undefined':
      return 'NULL'
    case 'object':
      if (value === null) return 'NULL'
      // the session's time zone is UTC
      if (value instanceof Date) return `'${value.toISOString().slice(0, -1).replace('T', ' ')}'`
      if (value instanceof Uint8Array)
        return `X'${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}'`
      return literal(JSON.stringify(value))
    default:
      throw new TypeError(`a ${typeof value} has no form in MySQL`)
  }
}

function document(value: unknown): string {
  return value === null || value === undefined ? 'NULL' : literal(JSON.stringify(value))
}

/** The encoder for a column of that type. */
export function literalEncoder(type: string): ValueEncoder {
  if (type.endsWith('[]')) throw new StreamsError('CONFIG_INVALID', `MySQL has no type ${type}`)
  return /^json$/i.test(type) ? document : plain
}
