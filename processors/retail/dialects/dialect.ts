import { isLonger, longestId } from '../field-limits.ts'
import type { Sale } from '../model.ts'
import type { RawChunk } from '../raw-chunk.ts'

/** What a sale has that its row does not say. */
export type RowOrigin = Pick<
  RawChunk,
  'file' | 'revision' | 'sign' | 'country' | 'storeId' | 'currency' | 'timeZone'
>

/** Why a row is no sale, and what can be said of it all the same: a dead letter's money counts, too. */
export interface Refusal {
  /** Begins with the column's name. */
  readonly refused: string
  /** The customer's country; undefined: the row names none that can be one. */
  readonly market: string | undefined
  /** What was paid, not yet signed; 0 where the row's amounts cannot be read. */
  readonly net: number
}

export function refusal(refused: string, net: number | undefined, market?: string): Refusal {
  const named = market !== undefined && market !== '' && !isLonger(market, longestId)
  return { refused, market: named ? market : undefined, net: net ?? 0 }
}

/** Turns one row's fields into a sale, or says why not. */
export type SaleReader = (fields: readonly string[], origin: RowOrigin, row: number) => Sale | Refusal

/** One way in which retailers write their sales: which columns there are and what they mean. */
export interface Dialect {
  readonly name: string
  /** The columns, in lower case. A file has all of them, in any order. */
  readonly columns: readonly string[]
  /** Columns that may be there, too. */
  readonly optional: readonly string[]
  /** Makes the reader for a file that has its columns at these positions; -1 where an optional one is missing. */
  reader(position: (column: string) => number): SaleReader
}
