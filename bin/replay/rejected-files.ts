import type { KafkaClient } from '../../index.ts'
import type { RejectedRow } from '../../processors/retail/model.ts'
import { rejectedRows } from '../rejected-rows.ts'

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
  const wanted = (row: RejectedRow) => row.file.includes(part) && row.reason.includes(reason)
  const rows = await rejectedRows(kafka, clientId, wanted, mostRows)
  const files = new Map<string, RejectedFile>()
  for (const row of rows) {
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
