import { noBytes } from '../../index.ts'

export type Utf16 = 'utf-16le' | 'utf-16be'

/** Which UTF-16 a file begins with, by its byte order mark. */
export function utf16Mark(head: Buffer): Utf16 | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  return undefined
}

/** Turns UTF-16, given piece by piece, into UTF-8; half a character waits for the rest of it. What is no character becomes U+FFFD. */
export class Utf16Decoder {
  readonly #bigEndian: boolean
  #rest: Buffer = noBytes

  constructor(encoding: Utf16) {
    this.#bigEndian = encoding === 'utf-16be'
  }

  push(piece: Buffer): Buffer {
    const bytes = Buffer.concat([this.#rest, piece])
    let end = bytes.length & ~1
    if (end >= 2 && this.#isHighSurrogate(bytes, end - 2)) end -= 2
    this.#rest = bytes.subarray(end)
    return this.#decode(bytes.subarray(0, end))
  }

  end(): Buffer {
    const { length } = this.#rest
    if (length === 0) return noBytes
    return Buffer.concat([
      this.#decode(this.#rest.subarray(0, length & ~1)),
      Buffer.from(length % 2 === 0 ? '' : '\ufffd')
    ])
  }

  #isHighSurrogate(bytes: Buffer, at: number): boolean {
    const unit = this.#bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at)
    return (unit & 0xfc00) === 0xd800
  }

  #decode(bytes: Buffer): Buffer {
    // a copy: the bytes are swapped in place
    const little = this.#bigEndian ? Buffer.from(bytes).swap16() : bytes
    return Buffer.from(little.toString('utf16le'), 'utf8')
  }
}
