import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServices, stopServices } from '../../deploy/local/services.ts'

/** A Kafka of the test's own, beside the other services of the run: what is reset on it disturbs no other test. */
export async function ownKafka(): Promise<{
  readonly environment: NodeJS.ProcessEnv
  close(): Promise<void>
}> {
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-own-'))
  const { KAFKA_BROKERS: shared, ...others } = process.env
  delete process.env['KAFKA_BROKERS']
  try {
    const { kafkaBrokers } = await startServices({
      directory,
      only: ['kafka'],
      kafkaSettings: { 'log.retention.ms': '-1' }
    })
    return {
      environment: { ...others, KAFKA_BROKERS: kafkaBrokers },
      async close() {
        await stopServices(directory, { wipe: true })
        await rm(directory, { recursive: true, force: true })
      }
    }
  } finally {
    if (shared !== undefined) process.env['KAFKA_BROKERS'] = shared
  }
}
