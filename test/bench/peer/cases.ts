import type { WorkloadName } from '../workload/workloads.ts'

export type Guarantee = 'at_least_once' | 'exactly_once_v2'

/** What both run in turn. */
export interface PeerCase {
  readonly workload: WorkloadName
  readonly guarantee: Guarantee
  readonly cache: 'on' | 'off'
  /** Afterwards the state is deleted and its rebuild is timed. */
  readonly restore: boolean
  /** What is asked for: ours over the peer's, or at most so for the memory. */
  readonly asked: Asked
}

export interface Asked {
  readonly secondHalf?: number
  readonly whole?: number
  readonly memory?: number
  readonly restore?: number
}

const third = 1 / 3
const stateless: Asked = { secondHalf: 5, whole: 8, memory: third }
const csv: Asked = { secondHalf: 4, whole: 6, memory: third }
const aggregate: Asked = { secondHalf: 10, whole: 15, memory: third }
const rekey: Asked = { secondHalf: 4, whole: 7, memory: 0.4 }

function cached(guarantee: Guarantee): PeerCase[] {
  const common = { guarantee, cache: 'on', restore: false } as const
  return [
    { ...common, workload: 'stateless', asked: stateless },
    { ...common, workload: 'csv', asked: csv },
    { ...common, workload: 'aggregate', asked: aggregate },
    { ...common, workload: 'rekey-aggregate', asked: rekey }
  ]
}

function uncached(guarantee: Guarantee): PeerCase[] {
  const common = { guarantee, cache: 'off', restore: guarantee === 'at_least_once' } as const
  return [
    { ...common, workload: 'aggregate', asked: { secondHalf: 6, memory: third, restore: 2 } },
    { ...common, workload: 'rekey-aggregate', asked: { secondHalf: 4, memory: 0.4, restore: 2 } }
  ]
}

/** `full` adds exactly-once without caches, the slowest of all. */
export function peerCases(full: boolean): readonly PeerCase[] {
  const cases = [...cached('at_least_once'), ...uncached('at_least_once'), ...cached('exactly_once_v2')]
  return full ? [...cases, ...uncached('exactly_once_v2')] : cases
}

export function nameOf({ workload, guarantee, cache }: PeerCase): string {
  const stateful = workload === 'aggregate' || workload === 'rekey-aggregate'
  return `${workload}${stateful ? `, cache ${cache}` : ''}, ${guarantee === 'at_least_once' ? 'ALO' : 'EOS'}`
}
