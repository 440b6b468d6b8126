import { StreamsError } from '../../index.ts'
import { parseRows } from './csv/parse-rows.ts'
import { type BoundDialect, chooseDialect } from './dialects/choose-dialect.ts'
import { country, type RejectedRow, type Sale } from './model.ts'
import type { RawChunk } from './raw-chunk.ts'

/** What parsing needs to know of a chunk. */
export type ChunkInfo = Omit<RawChunk, 'etag'>

export interface SaleVisitor {
  sale(sale: Sale): void
  rejected(row: RejectedRow): void
}

/** A rejected row keeps this much of its text; the raw topic has all of it. */
const longestText = 4096

/**
 * Reads a chunk of whole CSV rows, in their order. A row that is no sale is rejected with its number and a reason that names the
 * column, and the next row is read.
 *
 * A sale that comes out is one to the schema `Sale`; the schema is not run on each, because that takes longer than all the rest.
 * What makes the two agree: the country is checked once a chunk and each day once, both by the schema's own parts; identifiers
 * are not empty; amounts are whole and safe by how they are read.
 *
 * Throws FILE_UNREADABLE when no dialect has the header's columns.
 */
export function parseSales(text: string, chunk: ChunkInfo, visitor: SaleVisitor): void {
  const { columns, read } = dialectFor(chunk.csvHeader)
  if (!country.safeParse(chunk.country).success || chunk.storeId === '')
    throw new StreamsError(
      'FILE_UNREADABLE',
      `${chunk.file} has no valid country and store: ${chunk.country}/${chunk.storeId}`
    )

  const reject = (reason: string, row: number, rowText: string): void => {
    const kept = rowText.length > longestText ? `${rowText.slice(0, longestText)}…` : rowText
    visitor.rejected({
      file: chunk.file,
      row,
      country: chunk.country,
      storeId: chunk.storeId,
      reason,
      text: kept
    })
  }

  parseRows(text, chunk.firstRow, {
    row(fields, row, rowText) {
      if (fields.length !== columns)
        return reject(`has ${fields.length} fields where the header has ${columns}`, row, rowText)
      const sale = read(fields, chunk, row)
      if (typeof sale === 'string') reject(sale, row, rowText)
      else visitor.sale(sale)
    },
    malformed: reject
  })
}

// Few header lines, very many chunks. Bounded, because topics may hold anything.
const mostHeaders = 100
const bound = new Map<string, BoundDialect>()

function dialectFor(csvHeader: string): BoundDialect {
  let dialect = bound.get(csvHeader)
  if (dialect === undefined) {
    dialect = chooseDialect(csvHeader)
    if (bound.size >= mostHeaders) bound.clear()
    bound.set(csvHeader, dialect)
  }
  return dialect
}
