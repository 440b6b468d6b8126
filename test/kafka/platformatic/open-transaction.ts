import { noHeaders } from '../../../core/record.ts'
import { string } from '../../../core/serdes/string.ts'
import type { TransactionVersion } from '../../../kafka/platformatic/transaction-coordinator.ts'
import { VersionedClient } from './versioned-client.ts'

/** Run in a process of its own: writes within a transaction, says so, and waits to be killed. */
export async function openTransactionAndWait(
  brokers: readonly string[],
  version: TransactionVersion,
  transactionalId: string,
  topic: string
): Promise<void> {
  const client = new VersionedClient(brokers, version)
  const producer = await client.transactionalProducer({ clientId: 'to-be-killed', transactionalId })
  const target = await producer.topic(topic)
  await producer.begin()
  for (let i = 0; i < 10; i++) target.append(0, null, 0, 0, string(), `killed ${i}`, Date.now(), noHeaders)
  await producer.flush()
  console.log('open')
  await new Promise((resolve) => setTimeout(resolve, 60_000))
}
