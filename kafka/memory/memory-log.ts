import type { Clock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import { readInt64, writeInt64 } from '../../core/int64.ts'
import { partitionName } from '../../core/record.ts'
import {
  attributesAt,
  baseOffsetAt,
  crcAt,
  lastOffsetDeltaAt,
  logAppendTimeBit,
  maxTimestampAt
} from '../batch/batch-header.ts'
import { crc32c } from '../batch/crc32c.ts'
import type { RecordBatches } from '../batch/record-batches.ts'

/** One partition's log: the batches as the producer sealed them, each given its base offset, as a broker does. */
export class MemoryLog {
  readonly topic: string
  readonly partition: number
  readonly #logAppendTime: boolean
  readonly #clock: Clock
  readonly #batches: Buffer[] = []
  #startOffset = 0
  #endOffset = 0

  constructor(topic: string, partition: number, logAppendTime: boolean, clock: Clock) {
    this.topic = topic
    this.partition = partition
    this.#logAppendTime = logAppendTime
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

  /** Keeps a copy of one batch; returns the offset after it. */
  append(buffer: Buffer, length: number): number {
    const batch = Buffer.from(buffer.subarray(0, length))
    // the CRC does not cover the base offset: a broker sets it without reading the rest
    writeInt64(batch, baseOffsetAt, this.#endOffset)
    if (this.#logAppendTime) {
      batch.writeInt16BE(batch.readInt16BE(attributesAt) | logAppendTimeBit, attributesAt)
      writeInt64(batch, maxTimestampAt, this.#clock.now())
      batch.writeUInt32BE(crc32c(batch.subarray(attributesAt)), crcAt)
    }
    this.#batches.push(batch)
    this.#endOffset = endOf(batch)
    return this.#endOffset
  }

  /** Whole batches from the one that holds `from`, of `maxBytes` together, but at least one; undefined at the end. */
  read(from: number, maxBytes: number): RecordBatches | undefined {
    const first = this.#indexOf(from)
    const batch = this.#batches[first]
    if (batch === undefined) return undefined
    let bytes = batch.length
    let end = first + 1
    for (let next = this.#batches[end]; next !== undefined; next = this.#batches[++end]) {
      if (bytes + next.length > maxBytes) break
      bytes += next.length
    }
    const last = this.#batches[end - 1] as Buffer
    const run = end === first + 1 ? batch : Buffer.concat(this.#batches.slice(first, end), bytes)
    return { bytes: run, start: 0, end: run.length, from, next: endOf(last) }
  }

  deleteBefore(offset: number): void {
    if (offset > this.#endOffset)
      throw new StreamsError(
        'OFFSET_OUT_OF_RANGE',
        `${partitionName(this.topic, this.partition)}: cannot delete before ${offset}, the log ends at ${this.#endOffset}`
      )
    if (offset <= this.#startOffset) return
    this.#startOffset = offset
    this.#batches.splice(0, this.#indexOf(offset))
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

function endOf(batch: Buffer): number {
  return readInt64(batch, baseOffsetAt) + batch.readInt32BE(lastOffsetDeltaAt) + 1
}
