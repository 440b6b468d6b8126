import { initProducerIdV5, listTransactionsV1 } from '@platformatic/kafka'
import type { OpenTransaction } from '../port/admin.ts'
import { type Cluster, lookUp } from './cluster.ts'
import type { Coordinator } from './coordinator.ts'
import { brokerError } from './errors.ts'

/** What a transaction is called between its first record and its last marker. */
const openStates = ['Ongoing', 'PrepareCommit', 'PrepareAbort'] as const

/** Of no effect: nothing is written before the next owner names its own. */
const transactionTimeoutMs = 1_000

/**
 * One attempt. Each broker tells of the transactional ids that it coordinates, so all are asked, and one that does not answer fails
 * the whole: what it knows is known nowhere else. Throws BROKER_UNAVAILABLE, BROKER_REFUSED.
 */
export async function openTransactions(cluster: Cluster, prefix: string): Promise<OpenTransaction[]> {
  await cluster.refresh([])
  const found = new Map<string, OpenTransaction>()
  await Promise.all(
    cluster.brokers.map(async (broker) => {
      const answer = await cluster
        .channel('admin', broker, lookUp)
        .call(listTransactionsV1.api, [...openStates], [], -1n, null)
      if (answer.errorCode !== 0)
        throw brokerError(`listing transactions at broker ${broker}`, answer.errorCode)
      for (const { transactionalId, producerId, transactionState: state } of answer.transactionStates)
        if (transactionalId.startsWith(prefix))
          found.set(transactionalId, { transactionalId, producerId: Number(producerId), state })
    })
  )
  return [...found.values()]
}

/**
 * One attempt. A producer that asks for its id without naming a former one is the new owner: the broker ends the open transaction,
 * answers CONCURRENT_TRANSACTIONS (BROKER_UNAVAILABLE here) until that is done, and refuses the former owner from then on.
 */
export async function fenceTransactionalId(coordinator: Coordinator, transactionalId: string): Promise<void> {
  const answer = await coordinator.call(
    'admin',
    lookUp,
    initProducerIdV5.api,
    transactionalId,
    transactionTimeoutMs,
    -1n,
    -1
  )
  coordinator.note(answer.errorCode)
  if (answer.errorCode !== 0)
    throw brokerError(`fencing transactional id '${transactionalId}'`, answer.errorCode)
}
