const LF = 10
const CR = 13
const QUOTE = 34
const COMMA = 44

/**
 * The end of the CSV row that starts at `start`: the index after its line break, or -1 when `bytes[start, end)` does not
 * decide it. `delimiter` is a byte. With `last` nothing follows `end`, and the answer is never -1.
 *
 * A quote opens a quoted field only where a field starts, and line breaks within it belong to the row. A quoted field that
 * is not closed properly (something else than a comma or a line end follows the closing quote, or there is none) makes its row
 * malformed, and a malformed row ends at its first line break: one stray quote must not swallow the rows after it.
 *
 * Whoever splits files and whoever parses rows calls this same function, so that both count the same rows.
 */
export function rowEnd(bytes: Buffer, start: number, end: number, last: boolean, delimiter = COMMA): number {
  let i = start
  while (i < end) {
    const byte = bytes[i] as number
    if (byte === LF) return i + 1
    if (byte === QUOTE && (i === start || bytes[i - 1] === delimiter)) {
      const after = quotedFieldEnd(bytes, i + 1, end, last, delimiter)
      if (after === undecided) return -1
      if (after === malformed) return lineEnd(bytes, start, end, last)
      i = after
    } else i++
  }
  return last ? end : -1
}

/** The end of the physical line that starts at `start`, with the same meaning of -1. */
export function lineEnd(bytes: Buffer, start: number, end: number, last: boolean): number {
  const at = bytes.indexOf(LF, start)
  if (at >= 0 && at < end) return at + 1
  return last ? end : -1
}

/** The end of the row `bytes[start, end)` without its line break. Equal to `start`: a blank line, which is not a row. */
export function contentEnd(bytes: Buffer, start: number, end: number): number {
  if (end > start && bytes[end - 1] === LF) end--
  if (end > start && bytes[end - 1] === CR) end--
  return end
}

const undecided = -1
const malformed = -2

/** The index after the closing quote of the field whose content starts at `from`. */
function quotedFieldEnd(bytes: Buffer, from: number, end: number, last: boolean, delimiter: number): number {
  let quote = bytes.indexOf(QUOTE, from)
  while (quote >= 0 && quote < end) {
    const next = quote + 1
    if (next === end) return last ? end : undecided
    const byte = bytes[next] as number
    if (byte === delimiter || byte === LF) return next
    if (byte === CR) {
      if (next + 1 === end) return last ? next : undecided
      return bytes[next + 1] === LF ? next : malformed
    }
    if (byte !== QUOTE) return malformed
    quote = bytes.indexOf(QUOTE, next + 1)
  }
  return last ? malformed : undecided
}
