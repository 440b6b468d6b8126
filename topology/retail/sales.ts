import type { KStream, StreamsBuilder } from '../../index.ts'
import type { Sale } from '../../processors/retail/model.ts'
import { saleRows } from '../../processors/retail/sale-rows.ts'
import * as topics from './topics.ts'

/** Rows become sales, still by store; those that cannot go to the dead-letter topic with file, row and reason. */
export function sales(builder: StreamsBuilder): KStream<string, Sale, 'value'> {
  const rows = builder.stream(topics.rawCsv).processValues(saleRows)
  rows
    .filter((row) => !row.ok)
    .map(({ rejected }) => [`${rejected.file}#${rejected.row}`, rejected])
    .to(topics.rejectedRows)
  return rows.filter((row) => row.ok).mapValues((row) => row.sale)
}
