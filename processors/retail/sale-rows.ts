import { type FixedKeyProcessor, hasCode, type StreamRecord, type StreamsError } from '../../index.ts'
import { countRows } from './csv/row-count.ts'
import type { RejectedRow, Sale } from './model.ts'
import { parseSales } from './parse-sale.ts'
import { rawChunk } from './raw-chunk.ts'
import type { Stage, Tally } from './reconciliation.ts'
import { timeOfDay } from './time-of-day.ts'

/** What comes out of a chunk: its sales, its rows that are none, and at its end how many there were of each. */
export type SaleRow =
  | { readonly kind: 'sale'; readonly sale: Sale }
  | { readonly kind: 'rejected'; readonly rejected: RejectedRow }
  | { readonly kind: 'tally'; readonly tally: Tally }

/**
 * Turns a chunk of CSV rows into its rows, in their order. A sale's event time is the start of its business day, but no later than
 * its file was stored. A chunk that cannot be read at all is one rejection; the stream goes on.
 */
export function saleRows(): FixedKeyProcessor<string, string, SaleRow> {
  return {
    process(record, context) {
      const { key, value: text, timestamp, headers } = record
      if (text === null) return context.dropped('null-value')
      const forward = (row: SaleRow, eventTime: number) =>
        context.forward({ key, value: row, timestamp: eventTime, headers: [] })
      let salesNet = 0
      const rejections = { rows: 0, net: 0 }
      const reject = (rejected: RejectedRow): void => {
        rejections.rows += rejected.rows
        rejections.net += rejected.net
        forward({ kind: 'rejected', rejected }, timestamp)
      }
      const tell = (origin: { file: string; revision: number; country: string }, rows: number): void => {
        const { file, revision, country } = origin
        const tally = (stage: Stage, count: number, net: number) =>
          forward({ kind: 'tally', tally: { file, revision, country, stage, rows: count, net } }, timestamp)
        tally('input', rows, salesNet + rejections.net)
        if (rejections.rows !== 0) tally('deadLetters', rejections.rows, rejections.net)
      }
      try {
        const chunk = rawChunk(headers)
        parseSales(text, chunk, {
          sale(sale) {
            salesNet += sale.sales
            forward({ kind: 'sale', sale }, timeOfDay(sale.businessDay, timestamp))
          },
          rejected: reject
        })
        // counted apart from what was made of them
        tell(chunk, chunk.sign * countRows(text, chunk.delimiter))
      } catch (error) {
        if (!hasCode(error, 'FILE_UNREADABLE') && !hasCode(error, 'DESERIALIZATION')) throw error
        const origin = `${context.topic}-${context.partition}-${context.offset}`
        const rejected = rejectedChunk(record, origin, error as StreamsError)
        reject(rejected)
        tell(rejected, rejected.rows)
      }
    }
  }
}

function rejectedChunk(
  record: StreamRecord<string, string>,
  origin: string,
  error: StreamsError
): RejectedRow {
  const [country = '', storeId = ''] = (record.key ?? '').split('/')
  const known = knownChunk(record)
  const alpha2 = /^[A-Z]{2}$/.test(country) ? country : 'ZZ'
  return {
    file: known?.file ?? origin,
    revision: known?.revision ?? 1,
    row: known?.firstRow ?? 0,
    rows: (known?.sign ?? 1) * countRows(record.value ?? '', known?.delimiter),
    country: alpha2,
    storeId,
    market: alpha2,
    net: 0,
    reason: error.message,
    text: (record.value ?? '').slice(0, 4096)
  }
}

/** What the headers say, if they can be read. */
function knownChunk({ headers }: StreamRecord<string, string>) {
  try {
    return rawChunk(headers)
  } catch (error) {
    if (hasCode(error, 'DESERIALIZATION')) return undefined
    throw error
  }
}
