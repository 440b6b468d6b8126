import { skuReturns } from '../../docs/examples/sku-returns.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import { retailTopology } from '../../topology/retail/index.ts'

const broker = new MemoryBroker()
for (const { name, partitions, cleanupPolicy } of [...retailTopology().externalTopics(), skuReturns.topic])
  broker.createTopicSync(name, partitions, { 'cleanup.policy': cleanupPolicy })

/** What `--kafka` names: brokers with the retail system's topics, and those of an analysis. */
export const retailBrokers = new MemoryClient(broker)
