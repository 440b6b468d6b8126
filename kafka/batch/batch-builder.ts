import { type ByteTarget, copyBytes, noBytes } from '../../core/bytes.ts'
import { StreamsError } from '../../core/errors.ts'
import { writeInt64 } from '../../core/int64.ts'
import { type Header, type Headers, partitionName } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'
import type { Compression } from '../port/producer.ts'
import {
  attributesAt,
  baseOffsetAt,
  baseSequenceAt,
  countAt,
  crcAt,
  firstTimestampAt,
  headerBytes,
  lastOffsetDeltaAt,
  leaderEpochAt,
  lengthAt,
  lengthOverhead,
  magicAt,
  maxTimestampAt,
  producerEpochAt,
  producerIdAt,
  transactionalBit
} from './batch-header.ts'
import { BufferPool } from './buffer-pool.ts'
import { compress, compressionBits } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { varintSize, writeVarint, zigzag } from './varint.ts'

export interface FinishOptions {
  /** -1: no idempotence. */
  readonly producerId: number
  readonly producerEpoch: number
  /** Sequence number of the batch's first record. */
  readonly baseSequence: number
  readonly transactional: boolean
  readonly compression: Compression
}

/** A batch ready to send: `buffer[0, length)`. Give the buffer back with `recycle` when it is not needed any more. */
export interface FinishedBatch {
  readonly buffer: Buffer
  readonly length: number
}

// lengths of records, keys and values: varints of 5 bytes; timestamp delta 8, offset delta 5, attributes 1, header count 5
const mostOverhead = 3 * 5 + 8 + 5 + 1 + 5

/**
 * One open batch of one partition. Records are encoded where they will be sent from (layout: record-cursor.ts,
 * batch-header.ts). Its buffer is taken at the first record.
 */
export class BatchBuilder implements ByteTarget {
  buffer: Buffer = noBytes
  /** Records in the batch. */
  count = 0
  /** Size so far, the batch's head included, before compression. */
  bytes = headerBytes
  // NaN makes these fields doubles from the start, so that no record allocates a number
  firstTimestamp = Number.NaN
  maxTimestamp = Number.NaN
  readonly #topic: string
  readonly #partition: number
  readonly #pool: BufferPool
  // A length comes before what it measures. As many bytes are left for it as the record before needed.
  #recordLengthGuess = 2
  #valueLengthGuess = 2
  // the last record, should the batch be sealed without it
  #lastStart = 0
  #lastTailStart = 0
  #lastTimestamp = Number.NaN
  #maxTimestampBeforeLast = Number.NaN

  constructor(topic: string, partition: number, pool: BufferPool = new BufferPool()) {
    this.#topic = topic
    this.#partition = partition
    this.#pool = pool
  }

  reserve(at: number, size: number): void {
    const needed = at + size
    if (needed <= this.buffer.length) return
    const larger = this.buffer === noBytes ? this.#pool.take() : this.buffer
    if (needed <= larger.length) {
      this.buffer = larger
      return
    }
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, larger.length * 2))
    this.buffer.copy(grown, 0, 0, at)
    this.buffer = grown
  }

  /**
   * Encodes one record at the end of the batch. Throws RECORD_TOO_LARGE, SERIALIZATION and what the serde throws; the batch
   * then is as it was.
   *
   * @returns the bytes the encoded value took, -1 for null
   */
  append<V>(
    key: Buffer | null,
    keyStart: number,
    keyEnd: number,
    serde: Serde<V>,
    value: V | null,
    timestamp: number,
    headers: Headers,
    maxRecordBytes: number
  ): number {
    if (!Number.isSafeInteger(timestamp) || timestamp < 0)
      throw new StreamsError('SERIALIZATION', `${this.#where()}: ${timestamp} is no timestamp Kafka can keep`)
    const start = this.bytes
    const bodyStart = start + this.#recordLengthGuess
    const keyLength = key === null ? 0 : keyEnd - keyStart
    this.reserve(start, keyLength + mostOverhead)

    let at = bodyStart
    this.buffer[at++] = 0
    at = writeVarint(this.buffer, at, this.count === 0 ? 0 : zigzag(timestamp - this.firstTimestamp))
    at = writeVarint(this.buffer, at, 2 * this.count)
    const tailOffset = at - bodyStart
    at = writeVarint(this.buffer, at, key === null ? 1 : 2 * keyLength)
    if (key !== null) at = copyBytes(key, keyStart, keyEnd, this.buffer, at)
    let valueLength = -1
    if (value === null) this.buffer[at++] = 1
    else {
      const lengthStart = at
      const valueStart = lengthStart + this.#valueLengthGuess
      const valueEnd = serde.encode(value, this, valueStart)
      valueLength = valueEnd - valueStart
      this.reserve(valueEnd, mostOverhead)
      at = this.#putLength(lengthStart, valueStart, valueEnd)
      this.#valueLengthGuess = at - lengthStart - valueLength
    }
    if (headers.length === 0) this.buffer[at++] = 0
    else at = this.#writeHeaders(headers, at)
    if (headerBytes + at - start > maxRecordBytes)
      throw this.#tooLarge(headerBytes + at - start, maxRecordBytes)
    this.reserve(at, 5)
    const end = this.#putLength(start, bodyStart, at)
    this.#recordLengthGuess = end - start - (at - bodyStart)
    this.#lastTailStart = start + this.#recordLengthGuess + tailOffset
    this.#close(start, end, timestamp)
    return valueLength
  }

  /** Seals the batch and starts an empty one. There must be a record in it. */
  finish(options: FinishOptions): FinishedBatch {
    const buffer = this.buffer
    let length = this.bytes
    let attributes = options.transactional ? transactionalBit : 0
    if (options.compression !== 'none') {
      const packed = compress(options.compression, buffer.subarray(headerBytes, length))
      // what does not shrink (a single small record) goes as it is
      if (packed.length < length - headerBytes) {
        packed.copy(buffer, headerBytes)
        length = headerBytes + packed.length
        attributes |= compressionBits[options.compression]
      }
    }
    writeInt64(buffer, baseOffsetAt, 0)
    buffer.writeInt32BE(length - lengthOverhead, lengthAt)
    buffer.writeInt32BE(-1, leaderEpochAt)
    buffer[magicAt] = 2
    buffer.writeInt16BE(attributes, attributesAt)
    buffer.writeInt32BE(this.count - 1, lastOffsetDeltaAt)
    writeInt64(buffer, firstTimestampAt, this.firstTimestamp)
    writeInt64(buffer, maxTimestampAt, this.maxTimestamp)
    writeInt64(buffer, producerIdAt, options.producerId)
    buffer.writeInt16BE(options.producerEpoch, producerEpochAt)
    buffer.writeInt32BE(options.baseSequence, baseSequenceAt)
    buffer.writeInt32BE(this.count, countAt)
    buffer.writeUInt32BE(crc32c(buffer.subarray(attributesAt, length)), crcAt)
    this.#empty()
    return { buffer, length }
  }

  /**
   * Seals the batch without its last record, which becomes the first of the next one: how to keep a batch within the broker's
   * bound when a record's size is known only after it was encoded. There must be two records or more.
   */
  finishWithoutLast(options: FinishOptions): FinishedBatch {
    const from = this.buffer
    const tailStart = this.#lastTailStart
    const tailEnd = this.bytes
    const timestamp = this.#lastTimestamp
    this.count--
    this.bytes = this.#lastStart
    this.maxTimestamp = this.#maxTimestampBeforeLast
    const finished = this.finish(options)
    // attributes and both deltas of a first record are one byte each, all 0
    const bodyLength = 3 + tailEnd - tailStart
    this.reserve(headerBytes, bodyLength + 5)
    const bodyStart = writeVarint(this.buffer, headerBytes, 2 * bodyLength)
    this.buffer.fill(0, bodyStart, bodyStart + 3)
    this.#lastTailStart = bodyStart + 3
    const end = copyBytes(from, tailStart, tailEnd, this.buffer, this.#lastTailStart)
    this.#close(headerBytes, end, timestamp)
    return finished
  }

  /** Forgets the records in the batch. */
  discard(): void {
    this.recycle(this.buffer)
    this.#empty()
  }

  /** Gives back the buffer of a finished batch that nobody reads any more. */
  recycle(buffer: Buffer): void {
    this.#pool.recycle(buffer)
  }

  /** Counts in the record that was written at `[start, end)`. */
  #close(start: number, end: number, timestamp: number): void {
    this.#lastStart = start
    this.#lastTimestamp = timestamp
    this.#maxTimestampBeforeLast = this.maxTimestamp
    this.bytes = end
    if (this.count++ === 0) {
      this.firstTimestamp = timestamp
      this.maxTimestamp = timestamp
    } else if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
  }

  /** Writes the length of `[start, end)` at `at`, moving those bytes if it takes more or less room than is there. */
  #putLength(at: number, start: number, end: number): number {
    const zigzagged = 2 * (end - start)
    const size = varintSize(zigzagged)
    if (at + size !== start) this.buffer.copyWithin(at + size, start, end)
    writeVarint(this.buffer, at, zigzagged)
    return at + size + end - start
  }

  #writeHeaders(headers: Headers, start: number): number {
    this.reserve(start, 5)
    let at = writeVarint(this.buffer, start, 2 * headers.length)
    for (let i = 0; i < headers.length; i++) {
      const { key, value } = headers[i] as Header
      const keyLength = Buffer.byteLength(key)
      this.reserve(at, keyLength + (value === null ? 0 : value.length) + 10)
      at = writeVarint(this.buffer, at, 2 * keyLength)
      at += this.buffer.utf8Write(key, at, keyLength)
      at = writeVarint(this.buffer, at, value === null ? 1 : 2 * value.length)
      if (value !== null) at = copyBytes(value, 0, value.length, this.buffer, at)
    }
    return at
  }

  #empty(): void {
    this.buffer = noBytes
    this.bytes = headerBytes
    this.count = 0
    this.firstTimestamp = Number.NaN
    this.maxTimestamp = Number.NaN
  }

  #tooLarge(size: number, most: number): StreamsError {
    return new StreamsError(
      'RECORD_TOO_LARGE',
      `${this.#where()}: a record takes ${size} bytes with its batch head, more than the ${most} allowed`
    )
  }

  #where(): string {
    return partitionName(this.#topic, this.#partition)
  }
}
