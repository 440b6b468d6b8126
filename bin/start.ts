import { parseArgs } from 'node:util'
import { Registry } from 'prom-client'
import { addressFromEnvironment } from '../deploy/local/addresses.ts'
import { objectStoreCredentials, startServices } from '../deploy/local/services.ts'
import { kafkaClientMetrics, type Logger, PlatformaticClient } from '../index.ts'
import type { CountryBucket } from '../ingest/buckets.ts'
import { Ingest } from '../ingest/ingest.ts'
import { ingestMetrics } from '../ingest/ingest-metrics.ts'
import * as topics from '../topology/retail/topics.ts'
import { bucketOf, bucketSettings } from './buckets.ts'
import { caughtUp } from './caught-up.ts'
import { countInput, type InputCounts } from './count-input.ts'
import { dataFiles, uploadFiles } from './data-folder.ts'
import { EventSources, listenAt, scanInterval } from './event-sources.ts'
import { foodmartData, uploadFoodmart } from './foodmart/foodmart.ts'
import { foodmartBuckets } from './foodmart/foodmart-files.ts'
import { kafkaSecurity } from './kafka-security.ts'
import { analysisOption, loadAnalyses } from './load-export.ts'
import { objectStoreAt } from './object-store-of.ts'
import { ProgressBars } from './progress-bars.ts'
import { makeReport } from './report.ts'
import { RestoreBar } from './restore-bar.ts'
import { RetailApp } from './retail-app.ts'
import { trainingOptions, trainingSetsOf } from './training-sets-of.ts'

const help = `Runs the retail system on real services: sales as CSV files in an object store, through Kafka and the graph, into
PostgreSQL and Elasticsearch; then shows whether all of them agree, row by row and to the last digit.

  npm start                          run FoodMart's sales, show the figures, and stay up
  npm start -- --data DIR            run the files of a folder that is laid out as BUCKET/STORE/FILE.csv (or .csv.gz)
  npm start -- --once                show the figures and exit: 0 if they agree, 1 if not
  npm start -- --reset               process everything again from the files' rows: state and internal topics are deleted first
  npm start -- --dir /data/sku       keep services' data and state elsewhere than in .local

  --data DIR     the folder; its reference data, if there is any, is in BUCKET/reference/
  --bucket NAME=CC[:CUR[:ZONE]]
                 whose bucket it is, where its name does not say (sku-gb is GB's): country, and currency and time zone where
                 they are others than the country's; may be repeated
  --currency CUR the currency that finance reports in (default USD)
  --validation-from DAY
                 write training sets, of which this business day and later ones are for validation (default for FoodMart: 1998-10-01)
  --analysis M#E an analysis of your own, by module and export (docs/new-analysis.md); may be repeated
  --queue URL    take S3's notifications from this SQS queue while staying up
  --listen PORT  take notifications (POST /events) and files (PUT /files/CC/STORE/NAME.csv) on 127.0.0.1:PORT, or HOST:PORT, from those
                 who send the token that the variable INGEST_TOKEN holds
  --scan-every N look through the buckets every N seconds for files that nobody told of (default 60 while staying up)
  --once         exit when everything has arrived
  --json         print the figures as JSON
  --reset        start over from the raw rows; tables and search end as they are, because their keys are natural
  --dir DIR      folder for services' data and local state (default .local)
  --metrics N    serve metrics, health and the stores over HTTP on 127.0.0.1:N (default 9464 while staying up)
  --help         this page

Services that the environment names are used instead of local ones: KAFKA_BROKERS, ELASTICSEARCH_URL, DATABASE_URL, S3_ENDPOINT.
The local ones stay up: npm run local -- stop
`

/** A SKU that is sold all the time is written once in this time, not with each sale. */
const commitIntervalMs = 2_000
/** As long as container platforms wait after SIGTERM. */
const drainMs = 30_000
/** What shells show for a process that ended on request before its work was done. */
const stoppedBySignal = 130
/** Keeps the versions that were read, so that a corrected file's former rows can be taken back. */
const archiveBucket = 'store-sku-archive'
const trainingBucket = trainingOptions['training-bucket'].default
/** FoodMart's last quarter. */
const foodmartValidationFrom = '1998-10-01'

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      bucket: { type: 'string', multiple: true, default: [] },
      currency: { type: 'string', default: 'USD' },
      'validation-from': { type: 'string' },
      analysis: analysisOption.analysis,
      queue: { type: 'string' },
      listen: { type: 'string' },
      'scan-every': { type: 'string' },
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      reset: { type: 'boolean', default: false },
      dir: { type: 'string', default: '.local' },
      metrics: { type: 'string' },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  // values are frozen against accidental change in development; this is a run for its results
  process.env.NODE_ENV ??= 'production'
  const started = performance.now()
  const bars = new ProgressBars(process.stderr)
  const logger: Logger = {
    info: (message) => bars.log(message),
    warn: (message) => bars.log(`warning: ${message}`),
    error: (message) => bars.log(`error: ${message}`)
  }
  const stop = stopSignal(logger)
  // what is wrong with the folder is said before servers are started for it
  const folder = values.data === undefined ? undefined : await dataFiles(values.data)
  const settings = bucketSettings(values.bucket)
  const analyses = await loadAnalyses(values.analysis)
  const buckets: readonly CountryBucket[] =
    folder === undefined
      ? foodmartBuckets
      : [...new Set(folder.map(({ bucket }) => bucket))].map((name) => bucketOf(name, settings))

  const listen =
    values.listen === undefined ? undefined : listenAt(values.listen, process.env['INGEST_TOKEN'])
  const scanEvery = values['scan-every'] ?? (values.once ? undefined : '60')
  const scanIntervalMs = scanEvery === undefined ? undefined : scanInterval(scanEvery)

  const say = (message: string) => bars.log(message)
  // made while the services start, which waits more than it works
  const [services, foodmart] = await Promise.all([
    startServices({ directory: values.dir, onProgress: say }),
    folder === undefined ? foodmartData(say) : []
  ])
  const store = objectStoreAt(services.s3Endpoint)
  const upload = () => {
    const total = (folder ?? foodmart).length
    const onProgress = (done: number) => bars.update('upload', done, total, `${done} of ${total} CSV files`)
    return folder === undefined
      ? uploadFoodmart(store, foodmart, onProgress)
      : uploadFiles(store, folder, onProgress)
  }

  const registry = new Registry()
  const kafka = new PlatformaticClient({
    brokers: services.kafkaBrokers.split(','),
    // brokers of our own are plain, whatever the environment says of others
    ...(addressFromEnvironment('kafka') === undefined ? {} : await kafkaSecurity()),
    metrics: kafkaClientMetrics(registry)
  })
  const restoreBar = new RestoreBar(bars)
  const metricsPort = values.metrics === undefined ? (values.once ? undefined : 9464) : Number(values.metrics)
  const validationFrom =
    values['validation-from'] ?? (folder === undefined ? foodmartValidationFrom : undefined)
  const ingest = new Ingest({
    kafka,
    objectStore: store,
    buckets,
    topics,
    stateDirectory: `${values.dir}/state`,
    archive: archiveBucket,
    sessionTimeoutMs: 10_000,
    logger,
    ...(scanIntervalMs === undefined ? {} : { scanIntervalMs })
  })
  ingestMetrics(ingest, registry)
  const app = new RetailApp({
    kafka,
    ...(validationFrom === undefined
      ? {}
      : { trainingSets: await trainingSetsOf(store, trainingBucket, validationFrom) }),
    databaseUrl: services.databaseUrl,
    elasticsearchUrl: services.elasticsearchUrl,
    stateDirectory: `${values.dir}/state`,
    reportingCurrency: values.currency,
    analyses,
    commitIntervalMs,
    logger,
    onRestore: (progress) => restoreBar.update(progress),
    alongside: [ingest.application],
    registries: [registry],
    ...(metricsPort === undefined ? {} : { metricsPort })
  })
  let sources: EventSources | undefined
  const failed = Promise.race([app.failed, ingest.failed])
  failed.catch(() => undefined)
  try {
    if (values.reset) await app.reset()
    await Promise.all([upload(), app.start()])
    await ingest.start()
    await Promise.race([failed, ingest.scan()])
    // the count needs nobody: it is made while the last results are carried outside
    let input: Promise<InputCounts> | undefined
    const onProcessed = () => {
      input ??= countInput(store, buckets)
      input.catch(() => undefined)
    }
    if (!(await caughtUp({ app, ingest, failed, bars, stop, onProcessed }))) return stoppedBySignal
    bars.finish()
    const { report, table } = await makeReport({ store, buckets, kafka, ...services }, input)
    const seconds = Number(((performance.now() - started) / 1000).toFixed(1))
    if (values.json) process.stdout.write(`${JSON.stringify({ ...report, seconds }, null, 2)}\n`)
    else
      process.stdout.write(
        `\n${table}\n\n${report.reconciled ? 'All agree.' : 'THEY DO NOT AGREE.'}\n\n${seconds} s\n`
      )
    if (values.once) return report.reconciled ? 0 : 1
    sources = await EventSources.open(
      { queueUrl: values.queue, listen },
      { ingest, store, buckets, logger, credentials: objectStoreCredentials }
    )
    bars.log('staying up; stop with Ctrl-C')
    await Promise.race([failed, stopped(stop)])
    return 0
  } finally {
    await sources?.close()
    // whoever presses Ctrl-C may have brokers that are away
    const closing = { leaveGroup: true, timeoutMs: drainMs }
    await ingest.close(closing)
    await app.close(closing)
  }
}

/** Aborted by the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(logger: Logger): AbortSignal {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(130)
    logger.info(`${name}: finishing what is under way; once more to stop at once`)
    controller.abort()
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return controller.signal
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const { message, cause } = error as Error
    process.stderr.write(`error: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}\n`)
    process.exit(1)
  }
)
