import { type FixedKeyProcessor, hasCode, type StreamRecord, type StreamsError } from '../../index.ts'
import type { RejectedRow, Sale } from './model.ts'
import { parseSales } from './parse-sale.ts'
import { rawChunk } from './raw-chunk.ts'

/** A row of a file: a sale, or why it is none. */
export type SaleRow =
  | { readonly ok: true; readonly sale: Sale }
  | { readonly ok: false; readonly rejected: RejectedRow }

/**
 * Turns a chunk of CSV rows into its rows, in their order. A sale's event time is the start of its business day (UTC). A chunk that
 * cannot be read at all is one rejection; the stream goes on.
 */
export function saleRows(): FixedKeyProcessor<string, string, SaleRow> {
  const dayStart = memoizeLast((day: string) => Date.parse(day))
  return {
    process(record, context) {
      const { key, value: text, timestamp, headers } = record
      if (text === null) return context.dropped('null-value')
      const forward = (row: SaleRow, eventTime: number) =>
        context.forward({ key, value: row, timestamp: eventTime, headers: [] })
      try {
        parseSales(text, rawChunk(headers), {
          sale: (sale) => forward({ ok: true, sale }, dayStart(sale.businessDay)),
          rejected: (rejected) => forward({ ok: false, rejected }, timestamp)
        })
      } catch (error) {
        if (!hasCode(error, 'FILE_UNREADABLE') && !hasCode(error, 'DESERIALIZATION')) throw error
        const origin = `${context.topic}-${context.partition}-${context.offset}`
        forward({ ok: false, rejected: rejectedChunk(record, origin, error as StreamsError) }, timestamp)
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
  return {
    file: origin,
    row: 0,
    country: /^[A-Z]{2}$/.test(country) ? country : 'ZZ',
    storeId,
    reason: error.message,
    text: (record.value ?? '').slice(0, 4096)
  }
}

function memoizeLast<A, R>(call: (argument: A) => R): (argument: A) => R {
  let last: { readonly argument: A; readonly result: R } | undefined
  return (argument) => {
    if (last === undefined || last.argument !== argument) last = { argument, result: call(argument) }
    return last.result
  }
}
