import { setTimeout as sleep } from 'node:timers/promises'
import { StreamsError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { KafkaStreams } from '../../runtime/kafka-streams.ts'
import type { StoreLines } from './replicas-feeder.ts'
import { replicasGraph } from './replicas-graph.ts'
import type { ReplicaNotice, ReplicaOrder, ReplicaSettings } from './replicas-protocol.ts'

/* A replica in a process of its own, to be killed or frozen. Its settings are its one argument, in JSON; orders and notices go over IPC. */

const statusMs = 250

const settings = JSON.parse(process.argv[2] ?? '{}') as ReplicaSettings
const tell = (notice: ReplicaNotice): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(notice, () => resolve())
  })
const say = (level: string) => (text: string) => {
  process.stderr.write(`${new Date().toISOString()} ${process.pid} ${level} ${text}\n`)
  if (level !== 'info') void tell({ notice: 'warned', text })
}
const logger: Logger = { info: say('info'), warn: say('warn'), error: say('error') }

const streams = new KafkaStreams(replicasGraph(settings.prefix, settings.partitions), {
  applicationId: `${settings.prefix}app`,
  kafka: new PlatformaticClient({ brokers: settings.brokers.split(',') }),
  stateDirectory: settings.stateDirectory,
  processingGuarantee: 'exactly_once_v2',
  groupProtocol: settings.protocol,
  // each update is told
  cacheMaxBytes: 0,
  sessionTimeoutMs: settings.sessionTimeoutMs,
  heartbeatIntervalMs: 500,
  numStandbyReplicas: settings.standbys,
  maxWarmupReplicas: 8,
  acceptableRecoveryLag: 200,
  probingRebalanceIntervalMs: 10_000,
  minFreeDiskBytes: 0,
  ...(settings.httpPort === undefined ? {} : { applicationServer: `127.0.0.1:${settings.httpPort}` }),
  onRestore: ({ task, restored, done }) => {
    if (done) void tell({ notice: 'restored', task, records: restored })
  },
  logger
})

function dump(): StoreLines {
  const lines = (rows: readonly (readonly unknown[])[]) => rows.map((row) => JSON.stringify(row)).sort()
  const table = (name: string) =>
    lines(
      streams
        .keyValueStores(name)
        .flatMap((store) => [...store.all()])
        .map(({ key, value }) => [key, value])
    )
  const traffic = streams
    .windowStores('traffic')
    .flatMap((store) => [...store.all()])
    .map(({ key, start, value }) => [`${key}@${start}`, value])
  return { accounts: table('accounts'), totals: table('totals'), traffic: lines(traffic) }
}

function end(leaveGroup: boolean): void {
  streams.close({ leaveGroup }).then(
    () => process.exit(0),
    () => process.exit(1)
  )
}

async function tellStatus(): Promise<void> {
  const tasks = streams.tasks()
  const active = tasks.filter(({ role }) => role === 'active')
  const { records } = await streams.lag().catch(() => ({ records: -1 }))
  await tell({
    notice: 'status',
    active: active.length,
    running: active.filter(({ running }) => running).map(({ id }) => id),
    copies: tasks.length - active.length,
    records
  })
}

// without a driver there is nobody to end it
process.on('disconnect', () => process.exit(1))
process.once('SIGTERM', () => end(false))
process.on('message', ({ order }: ReplicaOrder) => {
  if (order === 'dump') void tell({ notice: 'dumped', stores: dump() })
  else end(true)
})

try {
  await streams.start()
  if (settings.httpPort !== undefined) {
    const { ApplicationServer } = await import('../../http/application-server.ts')
    await new ApplicationServer({ applications: [streams], logger }).listen(settings.httpPort)
  }
  let over = false
  const finished = streams.finished.finally(() => {
    over = true
  })
  finished.catch(() => undefined)
  while (!over) {
    await tellStatus()
    await sleep(statusMs)
  }
  await finished
} catch (error) {
  const { name, message, stack } = error as Error
  const code = error instanceof StreamsError ? error.code : name
  logger.error(`ended: ${code} ${message}\n${stack}`)
  await tell({ notice: 'warned', text: `ended: ${code} ${message}` })
  process.exit(2)
}
