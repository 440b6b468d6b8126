import { StreamsError } from '../../index.ts'
import { parseRows, type RowVisitor } from './csv/parse-rows.ts'
import { chooseDialect } from './dialects/choose-dialect.ts'
import { dayInZone } from './dialects/day-in-zone.ts'
import { signed } from './dialects/signed.ts'
import { country, currency, type RejectedRow, type Sale } from './model.ts'
import type { RawChunk } from './raw-chunk.ts'

/** What parsing needs to know of a chunk. */
export type ChunkInfo = Omit<RawChunk, 'etag'>

export interface SaleVisitor {
  sale(sale: Sale): void
  rejected(row: RejectedRow): void
}

/** A rejected row keeps this much of its text, characters; the raw topic has all of it. */
const keptText = 4096

/**
 * Reads a chunk of whole CSV rows, in their order. A row that is no sale is rejected with its number and a reason that names the
 * column, and the next row is read.
 *
 * A sale that comes out is one to the schema `Sale`; the schema is not run on each, because that takes longer than all the rest.
 * What makes the two agree: country and currency are checked once a chunk and each day once, by the schema's own parts; identifiers
 * are not empty; amounts are whole and safe by how they are read.
 *
 * Throws FILE_UNREADABLE when no dialect has the header's columns, or what is said of the chunk is not valid.
 */
export function parseSales(text: string, chunk: ChunkInfo, visitor: SaleVisitor): void {
  const { columns, read } = chooseDialect(chunk.csvHeader, chunk.delimiter)
  const valid = country.safeParse(chunk.country).success && currency.safeParse(chunk.currency).success
  if (!valid || chunk.storeId === '')
    throw new StreamsError(
      'FILE_UNREADABLE',
      `${chunk.file} has no valid country, store and currency: ${chunk.country}/${chunk.storeId}, ${chunk.currency}`
    )

  // before the first row: what is thrown later would come behind sales that are out already
  dayInZone(0, chunk.timeZone)

  const reject = (reason: string, row: number, rowText: string, net = 0, market = chunk.country): void => {
    const kept = rowText.length > keptText ? `${rowText.slice(0, keptText)}…` : rowText
    visitor.rejected({
      file: chunk.file,
      revision: chunk.revision,
      row,
      rows: chunk.sign,
      country: chunk.country,
      storeId: chunk.storeId,
      market,
      net: signed(chunk.sign, net),
      reason,
      text: kept
    })
  }

  const rows: RowVisitor = {
    row(fields, row, rowText) {
      if (fields.length !== columns)
        return reject(`has ${fields.length} fields where the header has ${columns}`, row, rowText)
      const sale = read(fields, chunk, row)
      if ('refused' in sale) reject(sale.refused, row, rowText, sale.net, sale.market)
      else visitor.sale(sale)
    },
    malformed: (reason, row, rowText) => reject(reason, row, rowText)
  }
  parseRows(text, chunk.firstRow, rows, chunk.delimiter)
}
