import { setTimeout } from 'node:timers/promises'
import { ApplicationServer, KafkaStreams, PlatformaticClient } from '../../index.ts'
import { shopGraph } from './shop-graph.ts'

/*
 * A replica in a process of its own, which shows itself over HTTP. Arguments: brokers, application, state directory, port, token. It ends when it
 * is told so over IPC, and gives its place up.
 */
const [brokers = '', applicationId = '', stateDirectory = '', port = '', token = ''] = process.argv.slice(2)

const KIB = 1024
const pauseMs = 250

/** Restores get their batches over a slow line, at most some 2 MiB a second, so that there is something to see of them. */
class SlowRestores extends PlatformaticClient {
  override consumer(options: Parameters<PlatformaticClient['consumer']>[0]) {
    if (!options.clientId.endsWith('-restore')) return super.consumer(options)
    const slow = { partitionMaxBytes: 64 * KIB, maxBytes: 256 * KIB, bufferBytes: 256 * KIB }
    const consumer = super.consumer({ ...options, ...slow })
    const arrival = consumer.arrival.bind(consumer)
    consumer.arrival = async (timeoutMs) => {
      await setTimeout(pauseMs)
      await arrival(timeoutMs)
    }
    return consumer
  }
}

const streams = new KafkaStreams(shopGraph(), {
  applicationId,
  kafka: new SlowRestores({ brokers: brokers.split(',') }),
  stateDirectory,
  processingGuarantee: 'exactly_once_v2',
  commitIntervalMs: 200,
  sessionTimeoutMs: 10_000,
  heartbeatIntervalMs: 300,
  applicationServer: `127.0.0.1:${port}`,
  deserializationExceptionHandler: 'dead-letter',
  minFreeDiskBytes: 0
})
const server = new ApplicationServer({ applications: [streams], token })
process.on('message', async () => {
  await streams.close({ leaveGroup: true })
  await server.close()
  process.exit(0)
})
await server.listen(Number(port))
await streams.start()
streams.finished.catch(async (error) => {
  console.error(error)
  await setTimeout(100)
  process.exit(1)
})
