import { contentEnd, rowEnd } from './row-end.ts'

/** How many rows the text holds; blank lines are not counted. */
export function countRows(text: string, delimiter = ','): number {
  const bytes = Buffer.from(text, 'utf8')
  const separator = delimiter.charCodeAt(0)
  let rows = 0
  for (let start = 0; start < bytes.length; ) {
    const end = rowEnd(bytes, start, bytes.length, true, separator)
    if (contentEnd(bytes, start, end) > start) rows++
    start = end
  }
  return rows
}

/** The text without its first rows. */
export function withoutRows(text: string, dropped: number): string {
  const bytes = Buffer.from(text, 'utf8')
  let start = 0
  for (let rows = 0; rows < dropped && start < bytes.length; ) {
    const end = rowEnd(bytes, start, bytes.length, true)
    if (contentEnd(bytes, start, end) > start) rows++
    start = end
  }
  return bytes.utf8Slice(start, bytes.length)
}
