import { KafkaStreams, PlatformaticClient } from '../../index.ts'
import { turnoverTopology } from './turnover.ts'

const { KAFKA_BROKERS = '127.0.0.1:9092', STATE = '.state' } = process.env

const streams = new KafkaStreams(turnoverTopology(), {
  applicationId: 'turnover',
  kafka: new PlatformaticClient({ brokers: KAFKA_BROKERS.split(',') }),
  stateDirectory: STATE,
  processingGuarantee: 'exactly_once_v2',
  logger: console
})
process.once('SIGTERM', () => void streams.close({ leaveGroup: true }))
await streams.start()
// rejects with what ended the application
await streams.finished
