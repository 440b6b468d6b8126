import { expect, it } from 'vitest'
import { noHeaders } from '../../core/record.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { BatchBuilder } from '../../kafka/batch/batch-builder.ts'
import type { Fetched } from '../../kafka/port/consumer.ts'
import { PartitionQueue } from '../../runtime/task/partition-queue.ts'

/** A batch of one record at that offset. */
function fetched(offset: number, release: () => void): Fetched {
  const builder = new BatchBuilder('sales', 0)
  builder.append(null, 0, 0, bytes(), Buffer.from('x'), 7, noHeaders, 1 << 20)
  const { buffer, length } = builder.finish({
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    transactional: false,
    compression: 'none'
  })
  buffer.writeBigInt64BE(BigInt(offset))
  const batches = { bytes: buffer, start: 0, end: length, from: offset, next: offset + 1 }
  return { topic: 'sales', partition: 0, batches, highWatermark: 9, lastStableOffset: 9, release }
}

it('what was processed is released, and what is dropped, too', () => {
  const released: number[] = []
  const queue = new PartitionQueue('sales', 0, 0, -1)
  for (const offset of [0, 1, 2]) queue.push(fetched(offset, () => released.push(offset)))
  queue.consume()
  expect(released).toEqual([0])
  queue.drop()
  expect(released).toEqual([0, 1, 2])
  expect(queue).toMatchObject({ hasHead: false, bufferedBytes: 0, position: 1 })
})
