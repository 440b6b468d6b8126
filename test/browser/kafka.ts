import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServices, stopServices } from '../../deploy/local/services.ts'

/** Starts the only real server that these tests meet; one that the environment names is used instead. */
export async function setup(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-browser-'))
  const { kafkaBrokers } = await startServices({ directory, only: ['kafka'] })
  process.env.KAFKA_BROKERS = kafkaBrokers
  return async () => {
    await stopServices(directory, { wipe: true })
    await rm(directory, { recursive: true, force: true })
  }
}
