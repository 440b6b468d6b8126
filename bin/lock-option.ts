import { dirname, join } from 'node:path'

/** The option that says where a graph's lock file is. */
export const lockOption = {
  file: { type: 'string', value: 'FILE', help: 'the lock file (default topology.lock.json beside the graph)' }
} as const

export function lockFileOf(graph: string, file: string | undefined): string {
  return file ?? join(dirname(graph.split('#')[0] ?? ''), 'topology.lock.json')
}
