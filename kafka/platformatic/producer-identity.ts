import { initProducerIdV5 } from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import { writeInt64 } from '../../core/int64.ts'
import { attributesAt, baseSequenceAt, crcAt, producerEpochAt, producerIdAt } from '../batch/batch-header.ts'
import { crc32c } from '../batch/crc32c.ts'
import type { Cluster } from './cluster.ts'
import { defaultChannel } from './connections.ts'
import { brokerError } from './errors.ts'
import { retrying } from './retry.ts'

/** Who writes: from InitProducerId. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly epoch: number
}

const withinMs = 30_000
const lastEpoch = 2 ** 15 - 1

/** Gets a producer id of its own for an idempotent producer; any broker hands them out. Throws BROKER_UNAVAILABLE, BROKER_REFUSED. */
export async function newProducerIdentity(cluster: Cluster): Promise<ProducerIdentity> {
  return await retrying(withinMs, cluster.signal, () =>
    cluster.any('produce', defaultChannel, async (channel) => {
      const answer = await channel.call(initProducerIdV5.api, null, 0)
      if (answer.errorCode !== 0) throw brokerError('getting a producer id', answer.errorCode)
      return { producerId: Number(answer.producerId), epoch: answer.producerEpoch }
    })
  )
}

/**
 * An idempotent producer's id is nobody else's and no coordinator keeps its epoch: it may count up by itself (KIP-360), in each partition on
 * its own. Throws PRODUCE_FAILED after 32,767 times.
 */
export function nextEpoch({ producerId, epoch }: ProducerIdentity): ProducerIdentity {
  if (epoch >= lastEpoch)
    throw new StreamsError('PRODUCE_FAILED', `producer ${producerId} has used up its ${lastEpoch} epochs`)
  return { producerId, epoch: epoch + 1 }
}

/** Puts another identity and sequence number into the head of a sealed batch. */
export function restamp(
  {
    buffer,
    length,
    sequence
  }: { readonly buffer: Buffer; readonly length: number; readonly sequence: number },
  { producerId, epoch }: ProducerIdentity
): void {
  writeInt64(buffer, producerIdAt, producerId)
  buffer.writeInt16BE(epoch, producerEpochAt)
  buffer.writeInt32BE(sequence, baseSequenceAt)
  buffer.writeUInt32BE(crc32c(buffer.subarray(attributesAt, length)), crcAt)
}
