import type { Clock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import { readInt64, writeInt64 } from '../../core/int64.ts'
import { partitionName } from '../../core/record.ts'
import {
  attributesAt,
  baseOffsetAt,
  controlBit,
  crcAt,
  lastOffsetDeltaAt,
  logAppendTimeBit,
  maxTimestampAt,
  producerIdAt,
  transactionalBit
} from '../batch/batch-header.ts'
import { crc32c } from '../batch/crc32c.ts'
import type { RecordBatches } from '../batch/record-batches.ts'
import { RecordCursor } from '../batch/record-cursor.ts'
import { controlBatch } from './control-batch.ts'

/** What a topic's settings say about appending, as they are at that moment. */
export interface LogSettings {
  readonly logAppendTime: boolean
}

/** One partition's log: the batches as the producer sealed them, each given its base offset, as a broker does. */
export class MemoryLog {
  readonly topic: string
  readonly partition: number
  readonly #settings: LogSettings
  readonly #clock: Clock
  readonly #batches: Buffer[] = []
  /** First offset of each open transaction, by producer id. */
  readonly #open = new Map<number, number>()
  /** Base offsets of the batches of aborted transactions. */
  readonly #aborted = new Set<number>()
  #startOffset = 0
  #endOffset = 0

  constructor(topic: string, partition: number, settings: LogSettings, clock: Clock) {
    this.topic = topic
    this.partition = partition
    this.#settings = settings
    this.#clock = clock
  }

  /** The first offset that can be read. */
  get startOffset(): number {
    return this.#startOffset
  }

  /** The offset the next record will have. */
  get endOffset(): number {
    return this.#endOffset
  }

  /** Where the first open transaction begins, or the end. */
  get lastStableOffset(): number {
    let offset = this.#endOffset
    for (const first of this.#open.values()) if (first < offset) offset = first
    return Math.max(offset, this.#startOffset)
  }

  /** How far one can read. */
  bound(committedOnly: boolean): number {
    return committedOnly ? this.lastStableOffset : this.#endOffset
  }

  /** Keeps a copy of one batch; returns the offset after it. */
  append(buffer: Buffer, length: number): number {
    const batch = Buffer.from(buffer.subarray(0, length))
    const attributes = batch.readInt16BE(attributesAt)
    // the CRC does not cover the base offset: a broker sets it without reading the rest
    writeInt64(batch, baseOffsetAt, this.#endOffset)
    if (this.#settings.logAppendTime) {
      batch.writeInt16BE(attributes | logAppendTimeBit, attributesAt)
      writeInt64(batch, maxTimestampAt, this.#clock.now())
      batch.writeUInt32BE(crc32c(batch.subarray(attributesAt)), crcAt)
    }
    const producerId = readInt64(batch, producerIdAt)
    if ((attributes & transactionalBit) !== 0 && !this.#open.has(producerId))
      this.#open.set(producerId, this.#endOffset)
    this.#batches.push(batch)
    this.#endOffset = endOf(batch)
    return this.#endOffset
  }

  /** Writes the marker that decides the producer's transaction in this partition. */
  endTransaction(producerId: number, producerEpoch: number, committed: boolean): void {
    const first = this.#open.get(producerId)
    const marker = controlBatch(producerId, producerEpoch, committed, this.#clock.now())
    if (first !== undefined && !committed)
      for (const batch of this.#batches.slice(this.#indexOf(first)))
        if (isTransactionOf(batch, producerId)) this.#aborted.add(readInt64(batch, baseOffsetAt))
    this.append(marker, marker.length)
    this.#open.delete(producerId)
  }

  /**
   * Whole batches from the one that holds `from`, of `maxBytes` together, but at least one; undefined at the end. `committedOnly`
   * (read_committed) ends at the last stable offset and passes over what was aborted.
   */
  read(from: number, maxBytes: number, committedOnly: boolean): RecordBatches | undefined {
    const first = this.#indexOf(from)
    const bound = this.bound(committedOnly)
    const batch = this.#batches[first]
    if (batch === undefined || endOf(batch) > bound) return undefined
    let bytes = batch.length
    let end = first + 1
    for (let next = this.#batches[end]; next !== undefined; next = this.#batches[++end]) {
      if (bytes + next.length > maxBytes || endOf(next) > bound) break
      bytes += next.length
    }
    const last = this.#batches[end - 1] as Buffer
    const run = end === first + 1 ? batch : Buffer.concat(this.#batches.slice(first, end), bytes)
    const batches = { bytes: run, start: 0, end: run.length, from, next: endOf(last) }
    return committedOnly && this.#aborted.size > 0 ? { ...batches, skip: this.#aborted } : batches
  }

  /** The same offset, or the one after the markers and aborted batches that stand there. */
  pastUnwanted(from: number, committedOnly: boolean): number {
    let at = from
    for (let index = this.#indexOf(from); at < this.bound(committedOnly); index++) {
      const batch = this.#batches[index] as Buffer
      const unwanted =
        (batch.readInt16BE(attributesAt) & controlBit) !== 0 ||
        (committedOnly && this.#aborted.has(readInt64(batch, baseOffsetAt)))
      if (!unwanted) break
      at = endOf(batch)
    }
    return at
  }

  /** Offset of the first record of that time or later; the end if there is none. */
  offsetAt(timestamp: number): number {
    const from = this.#batches.findIndex((batch) => readInt64(batch, maxTimestampAt) >= timestamp)
    const cursor = new RecordCursor(partitionName(this.topic, this.partition))
    if (from < 0) return this.#endOffset
    for (const batch of this.#batches.slice(from)) {
      cursor.open({ bytes: batch, start: 0, end: batch.length, from: this.#startOffset, next: endOf(batch) })
      while (cursor.next()) if (cursor.timestamp >= timestamp) return cursor.offset
    }
    return this.#endOffset
  }

  deleteBefore(offset: number): void {
    if (offset > this.#endOffset)
      throw new StreamsError(
        'OFFSET_OUT_OF_RANGE',
        `${partitionName(this.topic, this.partition)}: cannot delete before ${offset}, the log ends at ${this.#endOffset}`
      )
    if (offset <= this.#startOffset) return
    this.#startOffset = offset
    for (const batch of this.#batches.splice(0, this.#indexOf(offset)))
      this.#aborted.delete(readInt64(batch, baseOffsetAt))
  }

  /** Index of the first batch that ends after this offset. */
  #indexOf(offset: number): number {
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (endOf(this.#batches[middle] as Buffer) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

function isTransactionOf(batch: Buffer, producerId: number): boolean {
  return (
    (batch.readInt16BE(attributesAt) & transactionalBit) !== 0 &&
    readInt64(batch, producerIdAt) === producerId
  )
}

function endOf(batch: Buffer): number {
  return readInt64(batch, baseOffsetAt) + batch.readInt32BE(lastOffsetDeltaAt) + 1
}
