import { setTimeout } from 'node:timers/promises'
import { ApplicationServer, KafkaStreams, PlatformaticClient } from '../../index.ts'
import { shopGraph } from './shop-graph.ts'

/*
 * A replica in a process of its own, which shows itself over HTTP. Arguments: brokers, application, state directory, port, token. It ends when it
 * is told so over IPC, and gives its place up.
 */
const [brokers = '', applicationId = '', stateDirectory = '', port = '', token = ''] = process.argv.slice(2)

/** Restores get their batches over a slow line, so that there is something to see of them. */
class SlowRestores extends PlatformaticClient {
  override consumer(options: Parameters<PlatformaticClient['consumer']>[0]) {
    const consumer = super.consumer(options)
    if (!options.clientId.endsWith('-restore')) return consumer
    let notBefore = 0
    const take = consumer.take.bind(consumer)
    consumer.take = () => {
      if (performance.now() < notBefore) return []
      notBefore = performance.now() + 700
      return take()
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
