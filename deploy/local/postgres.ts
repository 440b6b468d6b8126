import { dirname } from 'node:path'
import { probeDatabase } from './database-client.ts'
import { LocalServiceError } from './errors.ts'
import { planEmbeddedPostgres } from './postgres-embedded.ts'
import { databaseInExistingServer, databaseName, dropDatabase } from './postgres-existing.ts'
import type { LocalService } from './service.ts'

export const postgres: LocalService = {
  name: 'postgres',
  title: 'PostgreSQL',
  // the signal by which PostgreSQL ends at once but in order; with SIGTERM it waits for its clients
  stopSignal: 'SIGINT',

  async plan(context) {
    const { folder, state } = context
    const usesOwn = state?.port !== undefined || process.env['LOCAL_POSTGRES'] === 'embedded'
    const existing = usesOwn ? undefined : await databaseInExistingServer(dirname(folder))
    if (existing !== undefined) return { address: existing }
    // another server would look as if all tables had vanished
    if (state !== undefined && !usesOwn) {
      throw new LocalServiceError(
        `The PostgreSQL that holds this directory's data does not answer at ${state.address}. Start it again, or ` +
          'give the data up with: npm run local -- stop --wipe'
      )
    }
    return planEmbeddedPostgres(context)
  },

  probe: probeDatabase,

  async wipe({ folder, state }) {
    if (state !== undefined && state.process === undefined && state.port === undefined) {
      await dropDatabase(state.address, databaseName(dirname(folder)))
    }
  }
}
