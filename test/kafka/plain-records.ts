import type { Header } from '../../core/record.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { string } from '../../core/serdes/string.ts'
import { BatchBuilder, type FinishedBatch } from '../../kafka/batch/batch-builder.ts'
import type { RecordBatches } from '../../kafka/batch/record-batches.ts'
import { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import type { Compression } from '../../kafka/port/producer.ts'
import type { Random } from './random.ts'

export const most = 1024 * 1024
const raw = bytes()
export const text = string()

export interface Plain {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
  readonly headers: readonly Header[]
}

export function finish(builder: BatchBuilder, compression: Compression = 'none'): Buffer {
  return copy(
    builder.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false, compression })
  )
}

export function copy({ buffer, length }: FinishedBatch): Buffer {
  return Buffer.from(buffer.subarray(0, length))
}

export function add(builder: BatchBuilder, record: Plain): number {
  const { key, value, timestamp, headers } = record
  // a key is a range of a larger buffer
  const padded = key === null ? null : Buffer.concat([Buffer.from('pad'), key, Buffer.from('pad')])
  return builder.append(padded, 3, 3 + (key?.length ?? 0), raw, value, timestamp, headers, most)
}

export function atOffset(batch: Buffer, offset: number): Buffer {
  batch.writeBigInt64BE(BigInt(offset), 0)
  return batch
}

export function whole(run: Buffer, more: Partial<RecordBatches> = {}): RecordBatches {
  return { bytes: run, start: 0, end: run.length, from: 0, next: 0, ...more }
}

export function read(batches: RecordBatches): (Plain & { readonly offset: number })[] {
  const cursor = new RecordCursor('t-0')
  cursor.open(batches)
  const records: (Plain & { readonly offset: number })[] = []
  while (cursor.next()) {
    const { buffer, timestamp, offset } = cursor
    const key = cursor.keyStart < 0 ? null : Buffer.from(buffer.subarray(cursor.keyStart, cursor.keyEnd))
    const value =
      cursor.valueStart < 0 ? null : Buffer.from(buffer.subarray(cursor.valueStart, cursor.valueEnd))
    records.push({ key, value, timestamp, headers: cursor.headers(), offset })
  }
  return records
}

export function texts(batches: RecordBatches): string[] {
  return read(batches).map(({ value }) => String(value))
}

export function batchOf(...values: string[]): Buffer {
  const builder = new BatchBuilder('t', 0)
  for (const value of values) builder.append(null, 0, 0, text, value, 1000, [], most)
  return finish(builder)
}

export const sizes = [0, 1, 2, 62, 63, 64, 127, 128, 129, 8100, 8190, 8191, 8192, 8193, 70_000, 200_000]

export function randomRecord(random: Random): Plain {
  return {
    key: random.below(5) === 0 ? null : random.bytes(random.pick([0, 1, 10, 63, 64, 128, 300])),
    value:
      random.below(8) === 0
        ? null
        : random.bytes(random.below(3) > 0 ? random.below(200) : random.pick(sizes)),
    timestamp: random.pick([
      0,
      852_076_800_000,
      1_700_000_000_000,
      1_700_000_000_000 + random.below(100_000)
    ]),
    headers: Array.from({ length: random.below(4) === 0 ? random.below(70) : 0 }, () => ({
      key: random.pick(['', 'a', 'größe', 'k'.repeat(70)]),
      value: random.below(3) === 0 ? null : random.bytes(random.below(100))
    }))
  }
}
