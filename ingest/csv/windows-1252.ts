import { isUtf8 } from 'node:buffer'
import { rowEnd } from '../../processors/retail/csv/row-end.ts'

/** How bytes that are no UTF-16 are read. `auto`: a row that is valid UTF-8 as that, any other as windows-1252. */
export type TextEncoding = 'auto' | 'utf-8' | 'windows-1252'

// what 0x80 to 0x9f stand for; all other bytes are Unicode's first 256 characters. Unassigned ones stay control characters.
const high = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/** Windows-1252 bytes, and thereby those of Latin-1, in UTF-8. */
function windows1252ToUtf8(bytes: Buffer): Buffer {
  const text = bytes
    .latin1Slice(0, bytes.length)
    .replace(/[\x80-\x9f]/g, (character) => high[character.charCodeAt(0) - 0x80] as string)
  return Buffer.from(text, 'utf8')
}

/**
 * Whole rows in UTF-8. Told row by row, because one alone says what it is: text of windows-1252 with a letter beyond ASCII is hardly ever
 * valid UTF-8. So it needs no look at the rest of the file, and the same bytes are read alike wherever a reader begins.
 */
export function rowsToUtf8(rows: Buffer, delimiter: number, encoding: TextEncoding): Buffer {
  if (encoding === 'utf-8' || isUtf8(rows)) return rows
  if (encoding === 'windows-1252') return windows1252ToUtf8(rows)
  const parts: Buffer[] = []
  for (let start = 0; start < rows.length; ) {
    const end = rowEnd(rows, start, rows.length, true, delimiter)
    const row = rows.subarray(start, end)
    parts.push(isUtf8(row) ? row : windows1252ToUtf8(row))
    start = end
  }
  return Buffer.concat(parts)
}
