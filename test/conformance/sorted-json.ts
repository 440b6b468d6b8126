import type { Serde } from '../../index.ts'

/** JSON whose object fields are sorted by name, as in the cases. */
export function sortedJson<T>(): Serde<T> {
  return {
    name: 'sorted-json',
    decode: (bytes, start, end) => JSON.parse(bytes.toString('utf8', start, end)) as T,
    encode(value, target, at) {
      const text = sortedText(value)
      const size = Buffer.byteLength(text)
      target.reserve(at, size)
      return at + target.buffer.write(text, at, 'utf8')
    }
  }
}

export function sortedText(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part
  )
}
