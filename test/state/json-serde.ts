import type { Serde } from '../../core/serde.ts'

/** JSON without a schema, counting what it does. */
export class CountingJson<T> implements Serde<T> {
  readonly name = 'json'
  encoded = 0
  decoded = 0

  decode(bytes: Buffer, start: number, end: number): T {
    this.decoded++
    return JSON.parse(bytes.utf8Slice(start, end)) as T
  }

  encode(value: T, target: { buffer: Buffer; reserve(at: number, size: number): void }, at: number): number {
    this.encoded++
    const text = JSON.stringify(value)
    target.reserve(at, text.length * 3)
    return at + target.buffer.utf8Write(text, at)
  }
}
