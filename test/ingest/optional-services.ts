import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServices, stopServices } from '../../deploy/local/services.ts'

/** A service that only some tests need, started for them unless the environment names one. */
export async function startOptional<Name extends 'sqs' | 's3mock' | 'mysql'>(name: Name) {
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-optional-'))
  const addresses = await startServices({ directory, only: [name] })
  return {
    addresses,
    async stop(): Promise<void> {
      await stopServices(directory, { wipe: true })
      await rm(directory, { recursive: true, force: true })
    }
  }
}
