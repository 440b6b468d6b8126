import type { Sale } from '../model.ts'

/** Where the rows of a chunk come from: what a sale has that its row does not say. */
export interface RowOrigin {
  /** `bucket/object`. */
  readonly file: string
  readonly country: string
  readonly storeId: string
}

/** Turns one row's fields into a sale, or says why not: a text that begins with the column's name. */
export type SaleReader = (fields: readonly string[], origin: RowOrigin, row: number) => Sale | string

/** One way in which retailers write their sales: which columns there are and what they mean. */
export interface Dialect {
  readonly name: string
  /** The columns, in lower case. A file has all of them and no others, in any order. */
  readonly columns: readonly string[]
  /** Makes the reader for a file that has its columns at these positions. */
  reader(position: (column: string) => number): SaleReader
}
