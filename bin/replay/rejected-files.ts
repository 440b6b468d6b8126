import { type KafkaClient, StreamsError } from '../../index.ts'
import * as topics from '../../topology/retail/topics.ts'
import { readTopic } from '../read-topic.ts'

/** A file with rows that could not become sales, in its latest version that was read. */
export interface RejectedFile {
  /** `bucket/object`. */
  readonly file: string
  readonly rows: number
  /** The first of them. */
  readonly row: number
  readonly reason: string
  readonly text: string
}

const clientId = 'store-sku-replay-files'
/** More would not be held in memory. */
const mostRows = 1_000_000

/** The files of which rows are rejected now: what a corrected file took back is not among them. `part`, `reason`: parts of file and reason. */
export async function rejectedFiles(
  kafka: KafkaClient,
  { part = '', reason = '' }: { readonly part?: string | undefined; readonly reason?: string | undefined }
): Promise<readonly RejectedFile[]> {
  const rows = new Map<string, { file: string; row: number; rows: number; reason: string; text: string }>()
  await readTopic(kafka, clientId, topics.rejectedRows, (record) => {
    const row = record.value()
    if (row === null || !row.file.includes(part) || !row.reason.includes(reason)) return
    const key = `${row.file}/${row.row}/${row.text}`
    const left = (rows.get(key)?.rows ?? 0) + row.rows
    if (left === 0) rows.delete(key)
    else if (rows.size === mostRows)
      throw new StreamsError('CONFIG_INVALID', `more than ${mostRows} rows are rejected: filter them`)
    else rows.set(key, { ...row, rows: left })
  })
  const files = new Map<string, RejectedFile>()
  for (const row of rows.values()) {
    const known = files.get(row.file)
    const first = known === undefined || row.row < known.row ? row : known
    files.set(row.file, { ...first, file: row.file, rows: (known?.rows ?? 0) + row.rows })
  }
  return [...files.values()].map(({ file, rows: count, row, reason: why, text }) => ({
    file,
    rows: count,
    row,
    reason: why,
    text
  }))
}
