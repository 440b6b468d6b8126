import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { objectStoreCredentials } from '../../deploy/local/object-store.ts'
import {
  ApplicationServer,
  type CloseOptions,
  jsonLogger,
  type KafkaStreams,
  type Logger,
  StreamsError
} from '../../index.ts'
import { Ingest } from '../../ingest/ingest.ts'
import { ingestMetrics } from '../../ingest/ingest-metrics.ts'
import { processIdentity } from '../../state/task-directory.ts'
import * as topics from '../../topology/retail/topics.ts'
import { command, jsonOption, printResult, type Terminal } from '../command.ts'
import { EventSources, listenAt, scanInterval } from '../event-sources.ts'
import { exitCodes } from '../exit-codes.ts'
import { type HttpAddress, httpAddress, httpOption } from '../http-option.ts'
import { graphOption, isStandardGraph, loadAnalyses, loadTopology } from '../load-export.ts'
import { lockFileOf, lockOption } from '../lock-option.ts'
import { numberOption } from '../number-option.ts'
import { archiveOption, bucketOption, bucketsOf, objectStoreOf } from '../object-store-of.ts'
import { barLogger } from '../progress-bars.ts'
import { RestoreBar } from '../restore-bar.ts'
import { RetailApp, type RetailRole } from '../retail-app.ts'
import { kafkaOf, kafkaOptions, serviceAddress, stateDirectoryOf } from '../services.ts'
import { trainingOptions, trainingSetsOf } from '../training-sets-of.ts'

const roles = ['ingest', 'graph', 'sinks'] as const
type Role = (typeof roles)[number]

const standardSessionSeconds = 10

export const run = command({
  name: 'run',
  summary: 'Runs the retail system, or a part of it, until it is stopped.',
  details: `Roles: ingest reads the files of buckets, graph processes, sinks carry results into PostgreSQL and Elasticsearch. Several processes
may share a role, each with a --state of its own; those of the graph share its tasks, and each file, record and row still counts
once. A graph that does not fit its lock file does not start (exit code 3). Ctrl-C commits and closes.

Services are those that KAFKA_BROKERS, ELASTICSEARCH_URL, DATABASE_URL and S3_ENDPOINT name, else the local ones in --dir. Brokers with
TLS or SASL: KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD, KAFKA_SSL_CA_FILE.`,
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
    'keep-place': {
      type: 'string',
      value: 'SECONDS',
      help: 'how long a stopped or silent process keeps its tasks, for one that is started again at once (default: 10 if killed, 0 if stopped)'
    },
    drain: {
      type: 'string',
      value: 'SECONDS',
      help: 'how long stopping may take; what is not committed by then is done again (default: as long as it takes)'
    },
    ...bucketOption,
    ...archiveOption,
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
    ...trainingOptions,
    ...httpOption,
    advertise: {
      type: 'string',
      value: 'HOST:PORT',
      help: 'where the other processes reach this one over HTTP, for keys that it holds'
    },
    log: { type: 'string', value: 'FORM', default: 'text', help: 'text, or json: a JSON object a line' },
    ...graphOption,
    ...lockOption,
    ...kafkaOptions,
    ...jsonOption
  },
  examples: [
    ['run --bucket sku-gb', 'everything in one process'],
    ['run --role graph --state /data/1', 'a replica of the graph; another one: --state /data/2'],
    ['run --role ingest,sinks --bucket shop=FR --scan-every 5', 'the rest'],
    [
      'run --role sinks --validation-from 2026-04-01',
      'the results, and training sets as Parquet, in the object store'
    ]
  ],
  async run({ values }, terminal) {
    const wanted = rolesOf(values.role)
    const stateDirectory = stateDirectoryOf(values)
    const address = values.http === undefined ? undefined : httpAddress(values.http)
    const { closing, sessionTimeoutMs } = stopping(values['keep-place'], values.drain)
    const registry = new Registry()
    const kafka = await kafkaOf(values, registry)
    const logger = loggerOf(values.log, terminal)
    const lockFile = lockFileOf(values.graph, values.file)
    const parts: Part[] = []
    const applications: KafkaStreams[] = []
    const registries = [registry]
    const retailRoles = wanted.filter((role): role is RetailRole => role !== 'ingest')
    if (retailRoles.length > 0) {
      const needed = retailRoles.includes('sinks')
      const validationFrom = needed ? values['validation-from'] : undefined
      const restoreBar = values.log === 'text' ? new RestoreBar(terminal.bars) : undefined
      const app = new RetailApp({
        kafka,
        databaseUrl: needed ? await serviceAddress('postgres', values.dir) : '',
        elasticsearchUrl: needed ? await serviceAddress('elasticsearch', values.dir) : '',
        ...(validationFrom === undefined
          ? {}
          : {
              trainingSets: await trainingSetsOf(
                await objectStoreOf(values.dir),
                values['training-bucket'],
                validationFrom
              )
            }),
        stateDirectory,
        topology: isStandardGraph(values) ? undefined : await loadTopology(values),
        analyses: await loadAnalyses(values.analysis),
        ...(existsSync(lockFile) ? { topologyLock: lockFile } : {}),
        reportingCurrency: values.currency,
        commitIntervalMs: 2_000,
        roles: retailRoles,
        replica: await processIdentity(stateDirectory, 'retail-sinks'),
        standbys: numberOption('standbys', values.standbys),
        sessionTimeoutMs,
        applicationServer: values.advertise,
        logger,
        onRestore: (progress) => restoreBar?.update(progress)
      })
      if (retailRoles.includes('graph')) applications.push(app.application)
      registries.push(app.registry)
      parts.push({ failed: app.failed, start: () => app.start(), close: (options) => app.close(options) })
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
        archive: values.archive,
        scanIntervalMs: scanInterval(values['scan-every']),
        sessionTimeoutMs,
        applicationServer: values.advertise,
        logger
      })
      ingestMetrics(ingest, registry)
      applications.push(ingest.application)
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
        async close(options) {
          await sources?.close()
          await ingest.close(options)
        }
      })
    }
    // first: probes are answered from the start on
    if (address !== undefined) parts.unshift(shown(address, { applications, registries, logger }))
    await runParts(parts, { stop: terminal.stop, closing, logger }, () => {
      logger.info(`running: ${wanted.join(', ')}; stop with Ctrl-C`)
      if (values.json) printResult(terminal, true, { running: wanted, stateDirectory }, '')
    })
    return exitCodes.done.code
  }
})

interface Part {
  readonly failed?: Promise<never>
  start(): Promise<void>
  close(options: CloseOptions): Promise<void>
}

/** What becomes of a process's place in its groups when it stops, and how long it may take. Throws CONFIG_INVALID. */
function stopping(
  keepPlace: string | undefined,
  drain: string | undefined
): { readonly closing: CloseOptions; readonly sessionTimeoutMs: number } {
  const seconds = keepPlace === undefined ? standardSessionSeconds : numberOption('keep-place', keepPlace)
  return {
    closing: {
      leaveGroup: keepPlace === undefined,
      ...(drain === undefined ? {} : { timeoutMs: numberOption('drain', drain) * 1000 })
    },
    sessionTimeoutMs: seconds * 1000
  }
}

function loggerOf(form: string, { bars }: Terminal): Logger {
  if (form === 'text') return barLogger(bars)
  if (form === 'json') return jsonLogger()
  throw new StreamsError('CONFIG_INVALID', `--log ${form}: there are text and json`)
}

interface Shown {
  readonly applications: readonly KafkaStreams[]
  readonly registries: readonly Registry[]
  readonly logger: Logger
}

function shown({ host, port, token }: HttpAddress, options: Shown): Part {
  const server = new ApplicationServer({ ...options, ...(token === undefined ? {} : { token }) })
  return {
    async start() {
      const actual = await server.listen(port, host)
      options.logger.info(
        `the live graph on http://${host}:${actual}/live; health, metrics and stores beside it`
      )
    },
    close: () => server.close()
  }
}

interface Running {
  readonly stop: AbortSignal
  readonly closing: CloseOptions
  readonly logger: Logger
}

/** Until one fails, whose error this rejects with, or all are told to stop. */
async function runParts(
  parts: readonly Part[],
  { stop, closing, logger }: Running,
  onRunning: () => void
): Promise<void> {
  const failed = Promise.race(parts.flatMap((part) => part.failed ?? []))
  failed.catch(() => undefined)
  const started: Part[] = []
  try {
    for (const part of parts) {
      if (stop.aborted) break
      started.push(part)
      const starting = part.start()
      starting.catch(() => undefined)
      // who is told to stop need not wait for brokers that are away: what is under way ends with the process
      await Promise.race([failed, aborted(stop), starting])
    }
    if (!stop.aborted) onRunning()
    await Promise.race([failed, aborted(stop)])
  } finally {
    await closed(started.reverse(), closing, logger)
  }
}

/** One after the other, within the time for all of them. What is cut off was not committed, and is done again at the next start. */
async function closed(parts: readonly Part[], closing: CloseOptions, logger: Logger): Promise<void> {
  const { timeoutMs } = closing
  const closeAll = async () => {
    for (const part of parts) await part.close(closing)
  }
  if (timeoutMs === undefined) return closeAll()
  const late = setTimeout(timeoutMs, 'late' as const, { ref: false })
  const all = closeAll()
  all.catch(() => undefined)
  if ((await Promise.race([all, late])) === 'late')
    logger.warn(`stopping takes longer than ${timeoutMs} ms; what is not committed is done again`)
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
