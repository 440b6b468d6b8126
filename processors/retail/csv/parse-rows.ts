import { CsvError, parse } from 'csv-parse/sync'
import { contentEnd, rowEnd } from './row-end.ts'

export interface RowVisitor {
  /** One row's fields. `text` is the row without its line break. */
  row(fields: readonly string[], row: number, text: string): void
  /** A row that is not CSV. */
  malformed(reason: string, row: number, text: string): void
}

/**
 * Parses whole CSV rows, each on its own: a malformed row is told of and the next one is read. Rows are numbered from `firstRow` on;
 * blank lines are no rows and have no number.
 *
 * Rows without a quote, which are nearly all, need no CSV parser: it takes about five times as long to find the same fields.
 */
export function parseRows(text: string, firstRow: number, visitor: RowVisitor, delimiter = ','): void {
  if (text.includes('"')) parseQuoted(text, firstRow, visitor, delimiter)
  else parsePlain(text, firstRow, visitor, delimiter)
}

function parsePlain(text: string, firstRow: number, visitor: RowVisitor, delimiter: string): void {
  let row = firstRow
  for (let start = 0; start < text.length; ) {
    const lineBreak = text.indexOf('\n', start)
    const next = lineBreak < 0 ? text.length : lineBreak + 1
    let end = lineBreak < 0 ? text.length : lineBreak
    if (end > start && text.charCodeAt(end - 1) === 13) end--
    if (end > start) {
      const line = text.slice(start, end)
      visitor.row(line.split(delimiter), row++, line)
    }
    start = next
  }
}

function parseQuoted(text: string, firstRow: number, visitor: RowVisitor, delimiter: string): void {
  const rows = splitRows(text, delimiter)
  const quoted = rows.filter((row) => row.includes('"'))
  const parsed = parseTogether(quoted, delimiter)
  let row = firstRow
  let nextQuoted = 0
  for (const line of rows) {
    if (!line.includes('"')) {
      visitor.row(line.split(delimiter), row++, line)
      continue
    }
    const fields = parsed === undefined ? parseAlone(line, delimiter) : (parsed[nextQuoted++] as string[])
    if (typeof fields === 'string') visitor.malformed(fields, row++, line)
    else visitor.row(fields, row++, line)
  }
}

/** Row texts without their line breaks and without blank lines. */
function splitRows(text: string, delimiter: string): string[] {
  const bytes = Buffer.from(text, 'utf8')
  const rows: string[] = []
  for (let start = 0; start < bytes.length; ) {
    const next = rowEnd(bytes, start, bytes.length, true, delimiter.charCodeAt(0))
    const end = contentEnd(bytes, start, next)
    if (end > start) rows.push(bytes.utf8Slice(start, end))
    start = next
  }
  return rows
}

const options = {
  record_delimiter: '\n',
  relax_column_count: true,
  // the splitter bounds rows; this only has to be no less
  max_record_size: 16 * 1024 * 1024
}

/** Starting the parser costs more than a row, so all rows go in at once; undefined when one of them is malformed. */
function parseTogether(rows: readonly string[], delimiter: string): string[][] | undefined {
  try {
    const parsed = parse(rows.join('\n'), { ...options, delimiter })
    return parsed.length === rows.length ? parsed : undefined
  } catch (error) {
    if (error instanceof CsvError) return undefined
    throw error
  }
}

const longestMessage = 200

/** The row's fields, or why it is malformed. */
function parseAlone(row: string, delimiter: string): string[] | string {
  try {
    const parsed = parse(row, { ...options, delimiter })
    return parsed.length === 1 ? (parsed[0] as string[]) : `is not one CSV row but ${parsed.length}`
  } catch (error) {
    // the message may quote a field
    if (error instanceof CsvError) return `is not CSV: ${error.message.slice(0, longestMessage)}`
    throw error
  }
}
