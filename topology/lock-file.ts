import { readFileSync } from 'node:fs'
import { StreamsError } from '../core/errors.ts'
import type { TopologyLock } from './lock.ts'

/** The text of a lock file. */
export function lockText(lock: TopologyLock): string {
  return `${JSON.stringify(lock, null, 2)}\n`
}

/** Throws CONFIG_INVALID for a file that is missing or no lock file of this format. */
export function readTopologyLock(path: string): TopologyLock {
  let lock: Partial<TopologyLock> | null
  try {
    lock = JSON.parse(readFileSync(path, 'utf8')) as Partial<TopologyLock> | null
  } catch (error) {
    throw new StreamsError(
      'CONFIG_INVALID',
      `topology lock "${path}" cannot be read: ${(error as Error).message}`
    )
  }
  const { format, subTopologies, repartitions, globalStores } = lock ?? {}
  if (format !== 1 || ![subTopologies, repartitions, globalStores].every(Array.isArray))
    throw new StreamsError('CONFIG_INVALID', `"${path}" is no topology lock of format 1: write it anew`)
  return lock as TopologyLock
}
