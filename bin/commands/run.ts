import { existsSync } from 'node:fs'
import { objectStoreCredentials } from '../../deploy/local/object-store.ts'
import { StreamsError } from '../../index.ts'
import { Ingest } from '../../ingest/ingest.ts'
import { processIdentity } from '../../state/task-directory.ts'
import * as topics from '../../topology/retail/topics.ts'
import { command, jsonOption, printResult, type Terminal } from '../command.ts'
import { EventSources, listenAt } from '../event-sources.ts'
import { exitCodes } from '../exit-codes.ts'
import { graphOption, loadTopology } from '../load-export.ts'
import { lockFileOf, lockOption } from '../lock-option.ts'
import { numberOption } from '../number-option.ts'
import { archiveBucket, bucketOption, bucketsOf, objectStoreOf } from '../object-store-of.ts'
import { barLogger } from '../progress-bars.ts'
import { RestoreBar } from '../restore-bar.ts'
import { RetailApp, type RetailRole } from '../retail-app.ts'
import { kafkaOf, kafkaOptions, serviceAddress, stateDirectoryOf } from '../services.ts'

const roles = ['ingest', 'graph', 'sinks'] as const
type Role = (typeof roles)[number]

const sessionTimeoutMs = 10_000

export const run = command({
  name: 'run',
  summary: 'Runs the retail system, or a part of it, until it is stopped.',
  details: `Roles: ingest reads the files of buckets, graph processes, sinks carry results into PostgreSQL and Elasticsearch. Several processes
may share a role, each with a --state of its own; those of the graph share its tasks, and each file, record and row still counts
once. A graph that does not fit its lock file does not start (exit code 3). Ctrl-C commits and closes.

Services are those that KAFKA_BROKERS, ELASTICSEARCH_URL, DATABASE_URL and S3_ENDPOINT name, else the local ones in --dir.`,
  options: {
    role: { type: 'string', value: 'LIST', default: roles.join(','), help: 'what this process does' },
    state: {
      type: 'string',
      value: 'DIR',
      help: "this process's state directory (default `state` in --dir)"
    },
    standbys: {
      type: 'string',
      value: 'N',
      default: '0',
      help: 'copies of state that other processes keep warm'
    },
    ...bucketOption,
    queue: { type: 'string', value: 'URL', help: "take S3's notifications from this SQS queue" },
    listen: {
      type: 'string',
      value: 'PORT',
      help: 'take notifications (POST /events) and files (PUT /files/CC/STORE/NAME.csv) here, from those who send INGEST_TOKEN'
    },
    'scan-every': {
      type: 'string',
      value: 'SECONDS',
      default: '60',
      help: 'how often buckets are looked through for what no event told'
    },
    currency: { type: 'string', value: 'CUR', default: 'USD', help: 'the currency that finance reports in' },
    metrics: { type: 'string', value: 'PORT', help: 'serve Prometheus metrics on 127.0.0.1' },
    ...graphOption,
    ...lockOption,
    ...kafkaOptions,
    ...jsonOption
  },
  examples: [
    ['run --bucket sku-gb', 'everything in one process'],
    ['run --role graph --state /data/1', 'a replica of the graph; another one: --state /data/2'],
    ['run --role ingest,sinks --bucket shop=FR --scan-every 5', 'the rest']
  ],
  async run({ values }, terminal) {
    const wanted = rolesOf(values.role)
    const stateDirectory = stateDirectoryOf(values)
    const kafka = await kafkaOf(values)
    const logger = barLogger(terminal.bars)
    const lockFile = lockFileOf(values.graph, values.file)
    const parts: Part[] = []
    const retailRoles = wanted.filter((role): role is RetailRole => role !== 'ingest')
    if (retailRoles.length > 0) {
      const needed = retailRoles.includes('sinks')
      const restoreBar = new RestoreBar(terminal.bars)
      const app = new RetailApp({
        kafka,
        databaseUrl: needed ? await serviceAddress('postgres', values.dir) : '',
        elasticsearchUrl: needed ? await serviceAddress('elasticsearch', values.dir) : '',
        stateDirectory,
        topology: values.graph === graphOption.graph.default ? undefined : await loadTopology(values.graph),
        ...(existsSync(lockFile) ? { topologyLock: lockFile } : {}),
        reportingCurrency: values.currency,
        commitIntervalMs: 2_000,
        roles: retailRoles,
        replica: await processIdentity(stateDirectory, 'retail-sinks'),
        standbys: numberOption('standbys', values.standbys),
        metricsPort: values.metrics === undefined ? undefined : numberOption('metrics', values.metrics),
        logger,
        onRestore: (progress) => restoreBar.update(progress)
      })
      parts.push({ failed: app.failed, start: () => app.start(), close: () => app.close() })
    }
    if (wanted.includes('ingest')) {
      const buckets = bucketsOf(values.bucket)
      if (buckets.length === 0)
        throw new StreamsError('CONFIG_INVALID', 'the ingest needs buckets: --bucket sku-gb')
      const objectStore = await objectStoreOf(values.dir)
      const ingest = new Ingest({
        kafka,
        objectStore,
        buckets,
        topics,
        stateDirectory,
        archive: archiveBucket,
        scanIntervalMs: numberOption('scan-every', values['scan-every']) * 1000,
        sessionTimeoutMs,
        logger
      })
      let sources: EventSources | undefined
      parts.push({
        failed: ingest.failed,
        async start() {
          for (const { bucket } of buckets) await objectStore.ensureBucket(bucket)
          await ingest.start()
          const listen =
            values.listen === undefined ? undefined : listenAt(values.listen, process.env['INGEST_TOKEN'])
          sources = await EventSources.open(
            { queueUrl: values.queue, listen },
            { ingest, store: objectStore, buckets, logger, credentials: objectStoreCredentials }
          )
        },
        async close() {
          await sources?.close()
          await ingest.close({ leaveGroup: true })
        }
      })
    }
    await runParts(parts, terminal, () => {
      terminal.bars.log(`running: ${wanted.join(', ')}; stop with Ctrl-C`)
      if (values.json) printResult(terminal, true, { running: wanted, stateDirectory }, '')
    })
    return exitCodes.done.code
  }
})

interface Part {
  readonly failed: Promise<never>
  start(): Promise<void>
  close(): Promise<void>
}

/** Until one fails, whose error this rejects with, or all are told to stop. */
async function runParts(parts: readonly Part[], { stop }: Terminal, onRunning: () => void): Promise<void> {
  const failed = Promise.race(parts.map((part) => part.failed))
  failed.catch(() => undefined)
  const started: Part[] = []
  try {
    for (const part of parts) {
      if (stop.aborted) break
      started.push(part)
      await Promise.race([failed, part.start()])
    }
    onRunning()
    await Promise.race([failed, aborted(stop)])
  } finally {
    for (const part of started.reverse()) await part.close()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function rolesOf(list: string): readonly Role[] {
  const words = list.split(',').map((word) => word.trim())
  const odd = words.find((word) => !roles.some((role) => role === word))
  if (odd !== undefined)
    throw new StreamsError('CONFIG_INVALID', `there is no role "${odd}"; there are ${roles.join(', ')}`)
  return roles.filter((role) => words.includes(role))
}
