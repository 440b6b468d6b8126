import { setTimeout as sleep } from 'node:timers/promises'
import { RetailApp } from '../../bin/retail-app.ts'
import { objectStoreCredentials } from '../../deploy/local/services.ts'
import { type Logger, PlatformaticClient } from '../../index.ts'
import { SqsPoller } from '../../ingest/events/sqs-poller.ts'
import { Ingest } from '../../ingest/ingest.ts'
import { ObjectStore } from '../../ingest/object-store.ts'
import * as topics from '../../topology/retail/topics.ts'
import { codeOfEnd } from './ledger-ends.ts'
import type { LedgerNotice, LedgerOrder, LedgerState, LedgerWorkerSettings } from './ledger-protocol.ts'

/*
 * Half of the retail system in a process of its own that is killed again and again: the ingest, or the graph and its sinks. Its settings are its
 * one argument, in JSON; questions come and notices go over IPC.
 */

interface Half {
  readonly failed: Promise<never>
  /** It does its work, and no longer only gets ready for it. */
  working(): boolean
  state(): Promise<LedgerState>
}

const scanIntervalMs = 3_000
const sessionTimeoutMs = 10_000

const settings = JSON.parse(process.argv[2] ?? '{}') as LedgerWorkerSettings
const kafka = new PlatformaticClient({ brokers: settings.brokers.split(',') })
const say = (level: string) => (message: string) =>
  void process.stderr.write(`${new Date().toISOString()} ${process.pid} ${level} ${message}\n`)
const logger: Logger = { info: say('info'), warn: say('warn'), error: say('error') }

const tell = (notice: LedgerNotice): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(notice, () => resolve())
  })

async function startIngest(): Promise<Half> {
  const ingest = new Ingest({
    kafka,
    objectStore: new ObjectStore({ endpoint: settings.s3Endpoint, credentials: objectStoreCredentials }),
    buckets: settings.buckets,
    topics,
    stateDirectory: settings.stateDirectory,
    archive: settings.archive,
    scanIntervalMs,
    sessionTimeoutMs,
    logger
  })
  await ingest.start()
  const poller = new SqsPoller({
    queueUrl: settings.queueUrl,
    endpoint: settings.sqsEndpoint,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    announce: (events) => ingest.announce(events),
    deadLetter: (notification) => ingest.deadLetter(notification),
    logger,
    waitSeconds: 1,
    // of a process that was killed, its successor gets the messages soon
    visibilitySeconds: 5
  })
  poller.start()
  return {
    failed: ingest.failed,
    working: () => ingest.progress.filesTotal > 0,
    async state() {
      const { announced } = await ingest.scan()
      const finished = await ingest.isFinished()
      const { files, filesTotal, rows } = ingest.progress
      const details = `the ingest has read ${files} of ${filesTotal} files, ${rows} rows; a scan found ${announced} more`
      return { quiet: announced === 0 && finished, details }
    }
  }
}

async function startGraph(): Promise<Half> {
  const app = new RetailApp({
    kafka,
    databaseUrl: settings.databaseUrl,
    elasticsearchUrl: settings.elasticsearchUrl,
    stateDirectory: settings.stateDirectory,
    commitIntervalMs: 200,
    logger,
    onRestore: () => undefined
  })
  await app.start()
  return {
    failed: app.failed,
    working: () => app.isRunning(),
    async state() {
      const settled = app.isSettled()
      const graph = await app.graphLag()
      const sinks = await app.sinkLag()
      const held = settled ? '' : ', which holds something back or does not run,'
      const details = `the graph${held} has ${graph.records} records to go, the sinks ${sinks.records}`
      return { quiet: settled && graph.records === 0 && sinks.records === 0, details }
    }
  }
}

// without a driver there is nobody to end it
process.on('disconnect', () => process.exit(1))
try {
  const half = await (settings.role === 'ingest' ? startIngest() : startGraph())
  process.on('message', ({ question }: LedgerOrder) => {
    half
      .state()
      .catch((error: Error) => ({ quiet: false, details: error.message }))
      .then((state) => tell({ notice: 'answer', question, state }))
  })
  const working = async (): Promise<void> => {
    while (!half.working()) await sleep(50)
    await tell({ notice: 'started' })
  }
  await Promise.race([half.failed, working()])
  await half.failed
} catch (error) {
  const { message, stack } = error as Error
  say('error')(stack ?? message)
  await tell({ notice: 'failed', code: codeOfEnd(error), message })
  process.exit(2)
}
