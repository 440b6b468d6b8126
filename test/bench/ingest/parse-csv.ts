import { parse } from 'csv-parse/sync'
import { parseRows } from '../../../processors/retail/csv/parse-rows.ts'
import type { Figures } from '../case.ts'
import { sampleRow } from './sample-file.ts'

export interface ParseCsvSettings {
  readonly by: 'csv-parse' | 'ours'
  /** One row in so many has a quoted field; 0: none has. */
  readonly quotedEvery: number
  readonly rows: number
}

/** As many as a chunk of the raw topic holds. */
const chunkRows = 1_000

/** What it costs to turn chunks of rows into fields. */
export async function parseCsv({ by, quotedEvery, rows }: ParseCsvSettings): Promise<Figures> {
  let text = ''
  for (let i = 0; i < chunkRows; i++) {
    const quoted = quotedEvery > 0 && i % quotedEvery === 0
    text += quoted ? sampleRow(i).replace(/,(\d{5}),/, ',"c, $1",') : sampleRow(i)
  }
  let fields = 0
  const visitor = {
    row: (row: readonly string[]) => {
      fields += row.length
    },
    malformed: (reason: string) => {
      throw new Error(reason)
    }
  }
  const chunk =
    by === 'ours'
      ? () => parseRows(text, 1, visitor)
      : () => {
          for (const row of parse(text) as string[][]) visitor.row(row)
        }
  for (let i = 0; i < 30; i++) chunk()
  fields = 0
  const chunks = Math.ceil(rows / chunkRows)
  const before = process.cpuUsage()
  for (let i = 0; i < chunks; i++) chunk()
  const { user, system } = process.cpuUsage(before)
  if (fields !== chunks * chunkRows * 8) throw new Error(`${fields} fields were found`)
  return { 'CPU µs/row': (user + system) / (chunks * chunkRows) }
}
