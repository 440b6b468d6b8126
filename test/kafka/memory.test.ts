import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import { describeKafkaPort } from './conformance.ts'

describeKafkaPort('kafka in memory', async () => ({
  client: new MemoryClient(new MemoryBroker()),
  close: async () => {}
}))
