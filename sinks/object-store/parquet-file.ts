import { createHash } from 'node:crypto'
import { parquetWriteBuffer } from 'hyparquet-writer'

/** Column types, all of which may be null. */
export type ParquetType = 'BOOLEAN' | 'INT32' | 'DOUBLE' | 'STRING'

export type ParquetColumns = Readonly<Record<string, ParquetType>>
export type ParquetRow = Readonly<Record<string, boolean | number | string | null>>

const createdBy = 'store-sku'

/** The rows as a Parquet file. The same rows make the same bytes: nothing of the time or the place gets in. */
export function parquetFile(columns: ParquetColumns, rows: readonly ParquetRow[]): Buffer {
  const columnData = Object.entries(columns).map(([name, type]) => ({
    name,
    type,
    data: rows.map((row) => row[name] ?? null)
  }))
  return Buffer.from(parquetWriteBuffer({ columnData, createdBy, rowGroupSize: 100_000 }))
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}
