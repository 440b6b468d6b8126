import { noHeaders } from '../../core/record.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { BatchBuilder } from '../batch/batch-builder.ts'
import { attributesAt, controlBit, crcAt } from '../batch/batch-header.ts'
import { crc32c } from '../batch/crc32c.ts'

const raw = bytes()
const commitType = 1

/*
 * The marker that ends a transaction in a partition: a batch with the control bit, of one record:
 *
 *   key    int16 version, 0 | int16 type, 0 ABORT, 1 COMMIT
 *   value  int16 version, 0 | int32 epoch of the coordinator
 */
export function controlBatch(
  producerId: number,
  producerEpoch: number,
  committed: boolean,
  timestamp: number
): Buffer {
  const key = Buffer.alloc(4)
  if (committed) key.writeInt16BE(commitType, 2)
  const builder = new BatchBuilder('a control batch', 0)
  builder.append(key, 0, key.length, raw, Buffer.alloc(6), timestamp, noHeaders, 1024)
  const { buffer, length } = builder.finish({
    producerId,
    producerEpoch,
    baseSequence: -1,
    transactional: true,
    compression: 'none'
  })
  const batch = buffer.subarray(0, length)
  batch.writeInt16BE(batch.readInt16BE(attributesAt) | controlBit, attributesAt)
  batch.writeUInt32BE(crc32c(batch.subarray(attributesAt)), crcAt)
  return batch
}
