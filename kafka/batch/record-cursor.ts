import { noBytes } from '../../core/bytes.ts'
import { StreamsError } from '../../core/errors.ts'
import { readInt64 } from '../../core/int64.ts'
import { type Header, type Headers, noHeaders } from '../../core/record.ts'
import {
  attributesAt,
  baseOffsetAt,
  compressionMask,
  controlBit,
  countAt,
  firstTimestampAt,
  headerBytes,
  lastOffsetDeltaAt,
  lengthAt,
  lengthOverhead,
  logAppendTimeBit,
  magicAt,
  maxTimestampAt
} from './batch-header.ts'
import { decompress } from './compression.ts'
import type { RecordBatches } from './record-batches.ts'

const noBatches: RecordBatches = { bytes: noBytes, start: 0, end: 0, from: 0, next: 0 }

/*
 * A record within a batch:
 *
 *   varint   length of all that follows
 *   int8     attributes, unused
 *   varlong  timestamp, less the batch's first
 *   varint   offset, less the batch's base
 *   varint   length of the key, -1 for none, then the key
 *   varint   length of the value, -1 for none, then the value
 *   varint   number of headers, then for each: length and bytes of its name, length (-1: none) and bytes of its value
 */

/**
 * Walks the records of fetched batches without making an object for any of them. Reused: `open` starts over. The bytes were
 * checked when they were fetched (`checkBatches`); here only what would read beyond them is.
 */
export class RecordCursor {
  /** Holds the current record's key and value: the fetched bytes, or a decompressed batch. */
  buffer: Buffer = noBytes
  /** -1: no key. */
  keyStart = -1
  keyEnd = -1
  /** -1: no value (a tombstone). */
  valueStart = -1
  valueEnd = -1
  // NaN makes these fields doubles from the start, so that no record allocates a number
  timestamp = Number.NaN
  offset = Number.NaN
  readonly #where: string
  #batches: RecordBatches = noBatches
  #nextBatchAt = 0
  /** Records of the current batch not walked yet. */
  #left = 0
  /** Where reading goes on in `buffer`: between calls, the end of the current record. */
  #at = 0
  #recordsEnd = 0
  #recordEnd = 0
  #headersAt = 0
  #baseOffset = Number.NaN
  #firstTimestamp = Number.NaN
  #logAppendTime = false

  /** `where` names the partition in errors. */
  constructor(where = 'a fetched partition') {
    this.#where = where
  }

  open(batches: RecordBatches): void {
    this.#batches = batches
    this.#nextBatchAt = batches.start
    this.#left = 0
    this.#at = 0
    this.#recordsEnd = 0
  }

  /** Stands where `other` stands, and walks on from there by itself: to look ahead. */
  startFrom(other: RecordCursor): void {
    this.buffer = other.buffer
    this.keyStart = other.keyStart
    this.keyEnd = other.keyEnd
    this.valueStart = other.valueStart
    this.valueEnd = other.valueEnd
    this.timestamp = other.timestamp
    this.offset = other.offset
    this.#batches = other.#batches
    this.#nextBatchAt = other.#nextBatchAt
    this.#left = other.#left
    this.#at = other.#at
    this.#recordsEnd = other.#recordsEnd
    this.#recordEnd = other.#recordEnd
    this.#headersAt = other.#headersAt
    this.#baseOffset = other.#baseOffset
    this.#firstTimestamp = other.#firstTimestamp
    this.#logAppendTime = other.#logAppendTime
  }

  /** Moves to the next record; false at the end. Throws BATCH_CORRUPT. */
  next(): boolean {
    const from = this.#batches.from
    do {
      while (this.#left === 0) if (!this.#openNextBatch()) return false
      this.#readRecord()
    } while (this.offset < from)
    return true
  }

  /** The current record's headers, decoded now. */
  headers(): Headers {
    const bytes = this.buffer
    if (bytes[this.#headersAt] === 0) return noHeaders
    this.#at = this.#headersAt
    const count = this.#varint()
    const headers: Header[] = []
    for (let i = 0; i < count; i++) {
      const keyLength = this.#varint()
      const keyEnd = this.#within(this.#at + keyLength)
      const key = bytes.utf8Slice(this.#at, keyEnd)
      this.#at = keyEnd
      const length = this.#varint()
      const valueEnd = this.#within(this.#at + Math.max(length, 0))
      headers.push({ key, value: length < 0 ? null : Buffer.from(bytes.subarray(this.#at, valueEnd)) })
      this.#at = valueEnd
    }
    this.#at = this.#recordEnd
    return headers
  }

  /** Moves to the next batch, whose records may all be unwanted; false at the end. */
  #openNextBatch(): boolean {
    if (this.#at !== this.#recordsEnd) throw this.#corrupt('holds more bytes than records')
    const { bytes, end, from, skip } = this.#batches
    const at = this.#nextBatchAt
    if (at >= end) return false
    if (at + headerBytes > end) throw this.#corrupt('ends within its head')
    this.#baseOffset = readInt64(bytes, at + baseOffsetAt)
    const length = bytes.readInt32BE(at + lengthAt)
    const batchEnd = at + lengthOverhead + length
    const magic = bytes[at + magicAt] as number
    if (magic !== 2) throw this.#corrupt(`has format ${magic}; only 2 is read`)
    if (length < headerBytes - lengthOverhead || batchEnd > end)
      throw this.#corrupt(`has length ${length}, beyond the bytes fetched`)
    const attributes = bytes.readInt16BE(at + attributesAt)
    const count = bytes.readInt32BE(at + countAt)
    this.#nextBatchAt = batchEnd
    this.#at = 0
    this.#recordsEnd = 0
    if (
      count === 0 ||
      (attributes & controlBit) !== 0 ||
      this.#baseOffset + bytes.readInt32BE(at + lastOffsetDeltaAt) < from ||
      skip?.has(this.#baseOffset) === true
    )
      return true
    if (count < 0) throw this.#corrupt(`has ${count} records`)
    this.#left = count
    this.#logAppendTime = (attributes & logAppendTimeBit) !== 0
    this.#firstTimestamp = readInt64(bytes, at + (this.#logAppendTime ? maxTimestampAt : firstTimestampAt))
    this.#openRecords(attributes & compressionMask, at + headerBytes, batchEnd)
    return true
  }

  #openRecords(compression: number, start: number, end: number): void {
    const { bytes } = this.#batches
    if (compression === 0) {
      this.buffer = bytes
      this.#at = start
      this.#recordsEnd = end
      return
    }
    try {
      this.buffer = decompress(compression, bytes.subarray(start, end))
    } catch (error) {
      throw this.#corrupt(`does not decompress: ${(error as Error).message}`, error)
    }
    this.#recordsEnd = this.buffer.length
  }

  #readRecord(): void {
    const length = this.#varint()
    const end = this.#at + length
    if (length < 0 || end > this.#recordsEnd) throw this.#corrupt('has a record that runs beyond it')
    this.#at++
    const timestampDelta = this.#varlong()
    this.timestamp = this.#logAppendTime ? this.#firstTimestamp : this.#firstTimestamp + timestampDelta
    this.offset = this.#baseOffset + this.#varint()
    const keyLength = this.#varint()
    if (keyLength < 0) {
      this.keyStart = -1
      this.keyEnd = -1
    } else {
      this.keyStart = this.#at
      this.keyEnd = this.#at += keyLength
    }
    const valueLength = this.#varint()
    if (valueLength < 0) {
      this.valueStart = -1
      this.valueEnd = -1
    } else {
      this.valueStart = this.#at
      this.valueEnd = this.#at += valueLength
    }
    if (this.#at >= end) throw this.#corrupt('has a record whose fields run beyond it')
    this.#headersAt = this.#at
    this.#recordEnd = end
    this.#at = end
    this.#left--
  }

  // Reading beyond the buffer yields undefined, which ends the loop; the caller then finds that it is beyond the record.
  #varint(): number {
    const bytes = this.buffer
    let at = this.#at
    let byte = bytes[at++] as number
    let value = byte & 127
    for (let shift = 7; byte > 127; shift += 7) {
      byte = bytes[at++] as number
      value |= (byte & 127) << shift
    }
    this.#at = at
    return (value >>> 1) ^ -(value & 1)
  }

  #varlong(): number {
    const bytes = this.buffer
    let byte = bytes[this.#at++] as number
    let value = byte & 127
    for (let weight = 128; byte > 127; weight *= 128) {
      byte = bytes[this.#at++] as number
      value += (byte & 127) * weight
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  #within(end: number): number {
    if (end < this.#at || end > this.#recordEnd)
      throw this.#corrupt('has headers that run beyond their record')
    return end
  }

  #corrupt(what: string, cause?: unknown): StreamsError {
    const message = `${this.#where}: the batch at offset ${this.#baseOffset} ${what}`
    return new StreamsError('BATCH_CORRUPT', message, cause)
  }
}
