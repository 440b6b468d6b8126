import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { describeKafkaPort } from './conformance.ts'
import { realBrokers } from './platformatic/brokers.ts'

describeKafkaPort('kafka over platformatic', async () => ({
  client: new PlatformaticClient({ brokers: realBrokers() }),
  close: async () => {}
}))
