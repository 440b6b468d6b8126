import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { hasCode, LocalServiceError } from './errors.ts'

const stateSchema = z.object({
  address: z.string(),
  port: z.number().optional(),
  /** Absent when the service belongs to somebody else, as a PostgreSQL that was running already */
  process: z.object({ pid: z.number(), began: z.string() }).optional(),
  /** Settings beyond the usual ones that the service was started with */
  settings: z.record(z.string(), z.string()).optional()
})

/** What is remembered of a service between commands, in its folder. */
export type ServiceState = z.infer<typeof stateSchema>

function stateFile(folder: string): string {
  return join(folder, 'state.json')
}

export async function readState(folder: string): Promise<ServiceState | undefined> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(stateFile(folder), 'utf8')))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw new LocalServiceError(`${stateFile(folder)} cannot be understood; remove it to start anew`, {
      cause: error
    })
  }
}

export async function writeState(folder: string, state: ServiceState): Promise<void> {
  const draft = `${stateFile(folder)}.new`
  await writeFile(draft, `${JSON.stringify(state, undefined, 2)}\n`)
  await rename(draft, stateFile(folder))
}
