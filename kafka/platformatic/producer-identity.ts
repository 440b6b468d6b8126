import { initProducerIdV5 } from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'
import { defaultChannel } from './connections.ts'
import { brokerError } from './errors.ts'
import type { ProducerIdentity } from './partition-batches.ts'
import { retrying } from './retry.ts'

const withinMs = 30_000

/** Gets a producer id of its own for an idempotent producer; any broker hands them out. Throws BROKER_UNAVAILABLE, BROKER_REFUSED. */
export async function newProducerIdentity(cluster: Cluster): Promise<ProducerIdentity> {
  return await retrying(withinMs, cluster.signal, () =>
    cluster.any('produce', defaultChannel, async (channel) => {
      const answer = await channel.call(initProducerIdV5.api, null, 0)
      if (answer.errorCode !== 0) throw brokerError('getting a producer id', answer.errorCode)
      return { producerId: Number(answer.producerId), epoch: answer.producerEpoch, transactionalId: null }
    })
  )
}
