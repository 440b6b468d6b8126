import type { Delimiter } from '../../processors/retail/raw-chunk.ts'

/** In the order of preference where a header line has as many of one as of another. */
const delimiters: readonly Delimiter[] = [',', ';', '\t', '|']

const QUOTE = 34

/** What separates the fields of a header line: of the known delimiters the one that it has most of outside quotes; a comma if it has none. */
export function delimiterOf(headerLine: Buffer): Delimiter {
  const counts = new Map<number, number>()
  let quoted = false
  for (const byte of headerLine) {
    if (byte === QUOTE) quoted = !quoted
    else if (!quoted) counts.set(byte, (counts.get(byte) ?? 0) + 1)
  }
  const count = (delimiter: Delimiter) => counts.get(delimiter.charCodeAt(0)) ?? 0
  return delimiters.reduce((best, one) => (count(one) > count(best) ? one : best))
}
