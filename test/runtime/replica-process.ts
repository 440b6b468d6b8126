import { KafkaStreams, PlatformaticClient } from '../../index.ts'
import { activeTasks, rekeyed } from './word-counts.ts'

/*
 * A replica in a process of its own, to be killed or frozen. Arguments: brokers, prefix, state directory. Over IPC it tells its warnings, how
 * many active tasks run here, and the records that the whole application has still to process.
 */
const [brokers = '', prefix = '', stateDirectory = ''] = process.argv.slice(2)
const tell = (message: object) => process.send?.(message)
const warn = (text: string) => void tell({ log: text })

const streams = new KafkaStreams(rekeyed(prefix), {
  applicationId: `${prefix}app`,
  kafka: new PlatformaticClient({ brokers: brokers.split(',') }),
  stateDirectory,
  processingGuarantee: 'exactly_once_v2',
  cacheMaxBytes: 0,
  sessionTimeoutMs: 4000,
  heartbeatIntervalMs: 200,
  numStandbyReplicas: 1,
  maxWarmupReplicas: 8,
  minFreeDiskBytes: 0,
  logger: { info: () => undefined, warn, error: warn }
})
process.on('message', () => void streams.close({ leaveGroup: true }).finally(() => process.exit(0)))

await streams.start()
streams.finished.catch(() => process.exit(1))
setInterval(async () => {
  const copies = streams.tasks().filter(({ role, lag }) => role !== 'active' && lag !== undefined).length
  const { records } = await streams.lag().catch(() => ({ records: -1 }))
  tell({ active: activeTasks(streams).length, copies, records })
}, 100)
