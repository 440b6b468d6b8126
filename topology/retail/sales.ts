import type { KStream, StreamsBuilder } from '../../index.ts'
import type { Sale } from '../../processors/retail/model.ts'
import type { Tally } from '../../processors/retail/reconciliation.ts'
import { saleRows } from '../../processors/retail/sale-rows.ts'
import * as topics from './topics.ts'

/** Rows become sales, still by store; those that cannot go to the dead-letter topic with file, row and reason. */
export function sales(builder: StreamsBuilder): {
  readonly sales: KStream<string, Sale, 'value'>
  /** How many rows each file had, and how many of them were rejected. */
  readonly tallies: KStream<string, Tally, 'value'>
} {
  const rows = builder.stream(topics.rawCsv).processValues(saleRows)
  rows
    .filter((row) => row.kind === 'rejected')
    .map(({ rejected }) => [`${rejected.file}#${rejected.revision}/${rejected.row}`, rejected])
    .to(topics.rejectedRows)
  return {
    sales: rows.filter((row) => row.kind === 'sale').mapValues((row) => row.sale),
    tallies: rows.filter((row) => row.kind === 'tally').mapValues((row) => row.tally)
  }
}
