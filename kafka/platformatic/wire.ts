import { readInt64 } from '../../core/int64.ts'

/**
 * Reads Kafka's flexible encodings from one contiguous buffer. The library's reader works on chunk lists and makes a BigInt for
 * each 64-bit number, which the two hot answers (fetch, produce) cannot afford.
 */
export class WireReader {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  int16(): number {
    const value = this.bytes.readInt16BE(this.at)
    this.at += 2
    return value
  }

  int32(): number {
    const value = this.bytes.readInt32BE(this.at)
    this.at += 4
    return value
  }

  /** As a double, exact within 2^53. */
  int64(): number {
    const value = readInt64(this.bytes, this.at)
    this.at += 8
    return value
  }

  unsignedVarint(): number {
    let value = 0
    let byte: number
    let shift = 0
    do {
      byte = this.bytes.readUInt8(this.at++)
      value |= (byte & 127) << shift
      shift += 7
    } while (byte > 127)
    return value >>> 0
  }

  /** 36 characters, lower case. */
  uuid(): string {
    const hex = this.bytes.toString('hex', this.at, this.at + 16)
    this.at += 16
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }

  /** A compact string; null if it is null. */
  string(): string | null {
    const length = this.unsignedVarint() - 1
    if (length < 0) return null
    const start = this.at
    this.at += length
    return this.bytes.utf8Slice(start, this.at)
  }

  /** The length of a compact array; 0 for a null one. */
  arrayLength(): number {
    return Math.max(this.unsignedVarint() - 1, 0)
  }

  /** Passes over tagged fields that are not wanted. */
  skipTags(): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint()
      const length = this.unsignedVarint()
      this.at += length
    }
  }
}

/** Writes an unsigned varint and returns the end. */
export function writeUnsignedVarint(buffer: Buffer, at: number, value: number): number {
  let end = at
  let rest = value
  while (rest > 127) {
    buffer[end++] = (rest & 127) | 128
    rest >>>= 7
  }
  buffer[end++] = rest
  return end
}
