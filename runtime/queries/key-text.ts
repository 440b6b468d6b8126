import { StreamsError } from '../../core/errors.ts'
import type { Serde } from '../../core/serde.ts'

const numbers: ReadonlySet<string> = new Set(['int16', 'int32', 'integer', 'float64'])

/**
 * Keys as text, for addresses: text as it is, numbers in decimal digits, bytes in base64url, all others as JSON.
 *
 * Throws DESERIALIZATION for a text that is none of the serde's keys.
 */
export function keyOfText(serde: Serde<unknown>, text: string): unknown {
  try {
    if (serde.name === 'string' || serde.name === 'uuid') return text
    if (serde.name === 'int64') return BigInt(text)
    if (serde.name === 'bytes') return Buffer.from(text, 'base64url')
    const value: unknown = JSON.parse(text)
    if (numbers.has(serde.name) && typeof value !== 'number') throw new Error('not a number')
    return value
  } catch (error) {
    throw new StreamsError(
      'DESERIALIZATION',
      `"${text}" is no key of the form ${serde.name}: ${(error as Error).message}`,
      error
    )
  }
}

/** The inverse of `keyOfText`. */
export function textOfKey(serde: Serde<unknown>, key: unknown): string {
  if (typeof key === 'string' && serde.name !== 'json') return key
  if (typeof key === 'bigint') return String(key)
  return Buffer.isBuffer(key) ? key.toString('base64url') : JSON.stringify(key)
}

/** As JSON; what that has no form for is text: whole numbers of 64 bits, and bytes in base64. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) => {
    if (typeof one === 'bigint') return String(one)
    const bytes = one as { type?: unknown; data?: unknown } | null
    if (bytes?.type === 'Buffer' && Array.isArray(bytes.data))
      return Buffer.from(bytes.data).toString('base64')
    return one
  })
}
