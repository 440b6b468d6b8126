import type { z } from 'zod'
import { StreamsError } from '../../index.ts'
import { parseRows } from '../../processors/retail/csv/parse-rows.ts'
import { isLonger, longestId, longestText, quote } from '../../processors/retail/field-limits.ts'
import { businessDay } from '../../processors/retail/model.ts'
import type { CountryBucket } from '../buckets.ts'

/** A row's fields by the names of their columns; a column that the file does not have is undefined. */
export type Columns = (name: string) => string | undefined

/** What a reference file's bucket says of it. */
export type Origin = Pick<CountryBucket, 'country' | 'currency'>

/** A kind of reference file: which columns it must have, in any order, and what a row of it is. */
export interface ReferenceFile<T = unknown> {
  /** Its object key, `.gz` apart. */
  readonly object: string
  readonly columns: readonly string[]
  /** Those that are, or become, parts of keys: at most 256 bytes. Any other has at most 4,096. */
  readonly identifiers: readonly string[]
  readonly schema: z.ZodType<T>
  /** Each row counts from its `valid_from` on, until the next of its key does. Of any other file only the latest row of a key counts. */
  readonly hasHistory?: boolean
  /** The value that the row stands for, before the schema has checked it. */
  value(column: Columns, country: string): unknown
  /** Why a value that fits the schema is refused in this bucket; null: it is not. */
  refused?(value: T, bucket: Origin): string | null
  key(value: T): string
}

/** In force since ever, so that a join finds it for any sale. */
const sinceEver = 0
const validFrom = 'valid_from'

/**
 * Reads rows of a reference file and hands over the good ones. A row's time is the start of the day (UTC) in its column `valid_from`, if there
 * is one, else 0. Returns what is wrong with the first bad row, or null. Throws FILE_UNREADABLE when columns are missing.
 */
export function readReferenceRows<T>(
  file: ReferenceFile<T>,
  rows: {
    readonly csvHeader: string
    readonly delimiter: string
    readonly text: string
    readonly firstRow: number
  },
  bucket: Origin,
  take: (key: string, value: T, timestamp: number) => void
): string | null {
  const positions = columnPositions(file.columns, rows.csvHeader, rows.delimiter)
  let problem: string | null = null
  const visitor = {
    row(fields: readonly string[], row: number): void {
      let tooLong: string | null = null
      const column: Columns = (name) => {
        const at = positions.get(name)
        if (at === undefined) return undefined
        const text = fields[at] ?? ''
        const bytes = file.identifiers.includes(name) ? longestId : longestText
        if (isLonger(text, bytes)) tooLong ??= `${name}: ${quote(text)} is longer than ${bytes} bytes`
        return text
      }
      const day = column(validFrom)
      if (day && !businessDay.safeParse(day).success) {
        problem ??= `row ${row}: ${validFrom}: ${quote(day)} is not a day as yyyy-mm-dd`
        return
      }
      const time = day ? Date.parse(day) : sinceEver
      if (time > Date.now()) {
        problem ??= `row ${row}: ${validFrom}: ${day} has not begun (UTC), and Kafka takes no records from the future`
        return
      }
      const value = file.value(column, bucket.country)
      if (tooLong !== null) {
        problem ??= `row ${row}: ${tooLong}`
        return
      }
      const result = file.schema.safeParse(value)
      if (!result.success) {
        problem ??= `row ${row}: ${describe(result.error)}`
        return
      }
      const refused = file.refused?.(result.data, bucket) ?? null
      if (refused === null) take(file.key(result.data), result.data, time)
      else problem ??= `row ${row}: ${refused}`
    },
    malformed(reason: string, row: number): void {
      problem ??= `row ${row} ${reason}`
    }
  }
  parseRows(rows.text, rows.firstRow, visitor, rows.delimiter)
  return problem
}

function columnPositions(columns: readonly string[], header: string, delimiter: string): Map<string, number> {
  const positions = new Map<string, number>()
  const visitor = {
    row(names: readonly string[]): void {
      for (const [i, name] of names.entries()) positions.set(name.trim().toLowerCase(), i)
    },
    malformed: () => {}
  }
  parseRows(header, 1, visitor, delimiter)
  const missing = columns.filter((column) => !positions.has(column))
  if (missing.length > 0)
    throw new StreamsError('FILE_UNREADABLE', `its header line lacks ${missing.join(', ')}`)
  return positions
}

function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
}
