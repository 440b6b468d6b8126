import { describe } from 'vitest'
import { describeAdmin } from './conformance/admin.ts'
import { describeConsumer } from './conformance/consumer.ts'
import { describeGroup } from './conformance/group.ts'
import { describeOffsetReset } from './conformance/offset-reset.ts'
import { describeProducer } from './conformance/producer.ts'
import { describeTransactions } from './conformance/transactions.ts'
import { type MakeClient, workspaces } from './conformance/workspace.ts'

/** What every implementation of the Kafka port must do, over brokers in memory and real ones alike. */
export function describeKafkaPort(name: string, makeClient: MakeClient): void {
  describe(name, { timeout: 90_000 }, () => {
    const workspace = workspaces(makeClient)
    describeProducer(workspace)
    describeConsumer(workspace)
    describeOffsetReset(workspace)
    describeAdmin(workspace)
    describeGroup(workspace)
    describeTransactions(workspace)
  })
}
