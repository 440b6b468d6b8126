import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { objectStoreCredentials, startServices } from '../deploy/local/services.ts'
import { type Logger, PlatformaticClient } from '../index.ts'
import { Ingest } from '../ingest/ingest.ts'
import { ObjectStore } from '../ingest/object-store.ts'
import { formatAmount } from '../processors/retail/format-amount.ts'
import * as topics from '../topology/retail/topics.ts'
import { countCsv } from './foodmart/count-csv.ts'
import { uploadFoodmart } from './foodmart/foodmart.ts'
import { foodmartBuckets } from './foodmart/foodmart-files.ts'
import { ProgressBars } from './progress-bars.ts'
import {
  agree,
  elasticsearchFigures,
  type Figures,
  postgresFigures,
  reconciliationTable
} from './reconcile.ts'
import { RestoreBar } from './restore-bar.ts'
import { RetailApp } from './retail-app.ts'

const help = `Runs the retail system on real services: FoodMart's sales as CSV files in an object store, through Kafka and the
graph, into PostgreSQL and Elasticsearch; then shows whether all of them agree.

  npm start                        run, show the figures, and stay up
  npm start -- --once              run, show the figures, and exit: 0 if they agree, 1 if not
  npm start -- --reset             process everything again from the files' rows: state and internal topics are deleted first
  npm start -- --dir /data/sku     keep services' data and state elsewhere than in .local

  --once         exit when everything has arrived
  --reset        start over from the raw rows; tables and search end as they are, because their keys are natural
  --dir DIR      folder for services' data and local state (default .local)
  --metrics N    serve Prometheus metrics on 127.0.0.1:N (default 9464 while staying up)
  --help         this page

Services that the environment names are used instead of local ones: KAFKA_BROKERS, ELASTICSEARCH_URL, DATABASE_URL, S3_ENDPOINT.
The local ones stay up: npm run local -- stop
`

const pollMs = 300
const commitIntervalMs = 500
/** What shells show for a process that ended on request before its work was done. */
const stoppedBySignal = 130

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
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

  const services = await startServices({ directory: values.dir, onProgress: (message) => bars.log(message) })
  const store = new ObjectStore({ endpoint: services.s3Endpoint, credentials: objectStoreCredentials })
  await uploadFoodmart(store, {
    report: (message) => bars.log(message),
    onProgress: ({ files, filesTotal }) =>
      bars.update('upload', files, filesTotal, `${files} of ${filesTotal} CSV files`)
  })
  const kafka = new PlatformaticClient({ brokers: services.kafkaBrokers.split(',') })
  const restoreBar = new RestoreBar(bars)
  const metricsPort = values.metrics === undefined ? (values.once ? undefined : 9464) : Number(values.metrics)
  const app = new RetailApp({
    kafka,
    databaseUrl: services.databaseUrl,
    elasticsearchUrl: services.elasticsearchUrl,
    stateDirectory: `${values.dir}/state`,
    commitIntervalMs,
    logger,
    onRestore: (progress) => restoreBar.update(progress),
    ...(metricsPort === undefined ? {} : { metricsPort })
  })
  try {
    if (values.reset) await app.reset()
    await app.start()
    const ingest = new Ingest({ objectStore: store, buckets: foodmartBuckets, kafka, topics })
    await Promise.race([
      app.failed,
      ingest.run({
        signal: stop,
        onProgress: ({ files, filesTotal, bytes, bytesTotal, rows }) =>
          bars.update('ingest', bytes, bytesTotal, `${files} of ${filesTotal} files, ${rows} rows`)
      })
    ])
    if (!(await caughtUp(app, bars, stop))) return stoppedBySignal
    bars.finish()
    const agreed = await showFigures(store, services)
    process.stdout.write(`\n${((performance.now() - started) / 1000).toFixed(1)} s\n`)
    if (values.once) return agreed ? 0 : 1
    bars.log('staying up; new files are read at the next start; stop with Ctrl-C')
    await Promise.race([app.failed, stopped(stop)])
    return 0
  } finally {
    await app.close()
  }
}

/** Waits until the graph and then the sinks have done everything. False if told to stop before. */
async function caughtUp(app: RetailApp, bars: ProgressBars, stop: AbortSignal): Promise<boolean> {
  while (!stop.aborted) {
    const graph = await Promise.race([app.failed, app.graphLag()])
    bars.update('graph', graph.total - graph.records, graph.total, `${graph.records} records to go`)
    const sinks = await Promise.race([app.failed, app.sinkLag()])
    bars.update('sinks', sinks.total - sinks.records, sinks.total, `${sinks.records} records to go`)
    // in this order: when the graph was done, all that the sinks must carry was there
    if (graph.records === 0 && sinks.records === 0) return true
    await setTimeout(pollMs)
  }
  return false
}

async function showFigures(
  store: ObjectStore,
  services: { readonly databaseUrl: string; readonly elasticsearchUrl: string }
): Promise<boolean> {
  const counted = await countCsv(store, foodmartBuckets)
  const input: Figures = new Map(
    [...counted].map(([country, { rows, units, sales, cost }]) => [
      country,
      {
        rows,
        units: formatAmount(Number(units)),
        sales: formatAmount(Number(sales)),
        cost: formatAmount(Number(cost))
      }
    ])
  )
  const tables = await postgresFigures(services.databaseUrl)
  const search = await elasticsearchFigures(services.elasticsearchUrl)
  const agreed = agree([input, tables, search])
  const table = reconciliationTable([
    ['CSV files', input],
    ['PostgreSQL', tables],
    ['Elasticsearch', search]
  ])
  process.stdout.write(`\n${table}\n\n${agreed ? 'All agree.' : 'THEY DO NOT AGREE.'}\n`)
  return agreed
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
