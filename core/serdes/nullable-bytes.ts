import { type ByteTarget, copyBytes } from '../bytes.ts'

/*
 * Bytes with their length before them, as Kafka Streams writes what it buffers: int32 length (-1: null) | bytes
 */

export function writeInt32(target: ByteTarget, at: number, value: number): number {
  target.reserve(at, 4)
  return target.buffer.writeInt32BE(value, at)
}

export function writeNullableBytes(target: ByteTarget, at: number, value: Buffer | null): number {
  if (value === null) return writeInt32(target, at, -1)
  const begin = writeInt32(target, at, value.length)
  target.reserve(begin, value.length)
  return copyBytes(value, 0, value.length, target.buffer, begin)
}

/** Reads such parts one after the other. What it returns does not alias the bytes. */
export class PartReader {
  readonly #bytes: Buffer
  at: number

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes
    this.at = start
  }

  int32(): number {
    this.at += 4
    return this.#bytes.readInt32BE(this.at - 4)
  }

  int64(): number {
    this.at += 8
    return Number(this.#bytes.readBigInt64BE(this.at - 8))
  }

  bytes(length: number): Buffer {
    this.at += length
    return Buffer.from(this.#bytes.subarray(this.at - length, this.at))
  }

  nullableBytes(): Buffer | null {
    const length = this.int32()
    return length < 0 ? null : this.bytes(length)
  }
}
