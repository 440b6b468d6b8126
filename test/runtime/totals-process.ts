import { KafkaStreams, PlatformaticClient } from '../../index.ts'
import { totalsGraph } from './totals.ts'

/*
 * An application in a process of its own, to be killed. Arguments: brokers, prefix, state directory, guarantee, and the caches' bytes. Over IPC it tells what its log says and
 * answers `dump` with its stores' contents, `rebuild TASK` when that is done, and `close` by ending gracefully.
 */
const [brokers = '', prefix = '', stateDirectory = '', guarantee = 'at_least_once', cacheMaxBytes] =
  process.argv.slice(2)
const tell = (message: object) => process.send?.(message)
const log = (text: string) => void tell({ log: text })

const streams = new KafkaStreams(totalsGraph(prefix).topology(), {
  applicationId: prefix,
  kafka: new PlatformaticClient({ brokers: brokers.split(',') }),
  stateDirectory,
  processingGuarantee: guarantee === 'exactly_once_v2' ? 'exactly_once_v2' : 'at_least_once',
  commitIntervalMs: 100,
  ...(cacheMaxBytes === undefined ? {} : { cacheMaxBytes: Number(cacheMaxBytes) }),
  logger: { info: log, warn: log, error: log },
  onRestore: ({ store, done, restored }) => done && tell({ restored, store })
})

process.on('message', (message) => {
  if (message === 'dump') {
    const totals = streams.keyValueStores<string, number>('totals').flatMap((store) => [...store.all()])
    const counts = streams.windowStores<string, number>('counts').flatMap((store) => [...store.all()])
    tell({ dump: [totals, counts].map((rows) => rows.map((row) => JSON.stringify(row)).sort()) })
  }
  if (typeof message === 'string' && message.startsWith('rebuild '))
    streams.rebuildTask(message.slice('rebuild '.length)).then(
      () => tell({ rebuilt: true }),
      (error: Error) => tell({ log: `not rebuilt: ${error.message}` })
    )
  if (message === 'close')
    streams.close({ leaveGroup: true }).then(
      () => process.exit(0),
      () => process.exit(1)
    )
})

await streams.start()
const timer = setInterval(async () => {
  if (streams.state !== 'RUNNING') return
  tell({ lag: (await streams.lag()).records })
}, 100)
streams.finished.catch(() => process.exit(1)).finally(() => clearInterval(timer))
