import { dirname, join } from 'node:path'
import { graphFile } from './load-export.ts'

/** The option that says where a graph's lock file is. */
export const lockOption = {
  file: { type: 'string', value: 'FILE', help: 'the lock file (default topology.lock.json beside the graph)' }
} as const

export function lockFileOf(graph: string, file: string | undefined): string {
  return file ?? join(dirname(graphFile(graph)), 'topology.lock.json')
}
