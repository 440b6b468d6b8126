import { PlatformaticClient } from '../../index.ts'
import { Ingest } from '../../ingest/ingest.ts'
import { ObjectStore } from '../../ingest/object-store.ts'
import { credentials, named } from './ingest-fixture.ts'

/** Settings of a process that runs an ingest until it is killed. */
export interface WorkerSettings {
  readonly id: string
  readonly brokers: string
  readonly s3Endpoint: string
  readonly stateDirectory: string
}

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings
const { buckets, topics, applicationId } = named(settings.id)
const ingest = new Ingest({
  kafka: new PlatformaticClient({ brokers: settings.brokers.split(',') }),
  objectStore: new ObjectStore({ endpoint: settings.s3Endpoint, credentials }),
  buckets,
  topics,
  applicationId,
  stateDirectory: settings.stateDirectory,
  commitIntervalMs: 50,
  sessionTimeoutMs: 6_000,
  budgetBytes: 512 * 1024
})
await ingest.start()
const tell = setInterval(() => process.stdout.write(`${JSON.stringify(ingest.progress)}\n`), 20)
await ingest.failed.catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`)
  clearInterval(tell)
  process.exitCode = 1
})
