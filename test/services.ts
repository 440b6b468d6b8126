import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServices, stopServices } from '../deploy/local/services.ts'

/** Starts the real servers that tests meet, once for the whole run; ones that the environment names are used instead. */
export async function setup(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-test-'))
  const addresses = await startServices({
    directory,
    // records of tests are decades old
    kafkaSettings: { 'log.retention.ms': '-1' },
    onProgress: (message) => console.log(message)
  })
  process.env.KAFKA_BROKERS = addresses.kafkaBrokers
  process.env.ELASTICSEARCH_URL = addresses.elasticsearchUrl
  process.env.DATABASE_URL = addresses.databaseUrl
  process.env.S3_ENDPOINT = addresses.s3Endpoint
  return async () => {
    await stopServices(directory, { wipe: true })
    await rm(directory, { recursive: true, force: true })
  }
}
