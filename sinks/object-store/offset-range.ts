import type { ParquetRow } from './parquet-file.ts'

/** The rows of one range of offsets, by the folders that they go to. */
export class OffsetRange {
  readonly from: number
  /** Exclusive. */
  readonly to: number
  /** Where the next record is expected: what comes before it was seen. */
  next: number
  records = 0
  readonly folders = new Map<string, ParquetRow[]>()

  constructor(from: number, to: number, next: number) {
    this.from = from
    this.to = to
    this.next = next
  }

  add(folder: string, row: ParquetRow): void {
    const rows = this.folders.get(folder)
    if (rows === undefined) this.folders.set(folder, [row])
    else rows.push(row)
  }
}

/** Numbers of one width, so that they sort as text. */
const offsetWidth = 16

export function offsetText(offset: number): string {
  return String(offset).padStart(offsetWidth, '0')
}
