import type { BenchCase, Suite } from '../case.ts'
import { plainBroker } from '../kafka/brokers.ts'
import type { AssignorSize } from './assignor.ts'
import type { SceneSettings } from './scene.ts'

const taskCounts = [10, 100, 1_000]
const memberCounts = [1, 10, 100]
const partitions = 64
/** In rows of 1 KiB. */
const gibibyte = 1024 * 1024
const eventsPerSecond = 1_000
const sessionTimeoutMs = 6_000
/** The session's timeout, a heartbeat, and two seconds. */
const failoverMs = sessionTimeoutMs + 500 + 2_000

function assignorCase(size: AssignorSize): BenchCase {
  return {
    group: 'assignor',
    name: `${size.tasks} tasks, ${size.members} members`,
    program: 'assignor',
    settings: size,
    rounds: 1
  }
}

function processCases(brokers: readonly string[], records: number): BenchCase[] {
  const scene: SceneSettings = {
    brokers,
    partitions,
    eventsPerSecond,
    before: Math.min(records, 200_000),
    ballast: 0,
    standbys: 0,
    sessionTimeoutMs
  }
  return [
    ...[0, gibibyte].map((ballast) => ({
      group: 'from 1 replica to 2',
      name: `${partitions} partitions, ${ballast === 0 ? 'little state' : '1 GiB of state'}`,
      program: 'scale-out' as const,
      settings: { ...scene, ballast },
      target: { figure: 'added ms', atMost: 500 },
      rounds: 1
    })),
    ...[1, 0].map((standbys) => ({
      group: 'one of 2 replicas killed',
      name: standbys === 1 ? 'with a standby' : 'without',
      program: 'failover',
      settings: { ...scene, standbys },
      ...(standbys === 1 ? { target: { figure: 'gap ms', atMost: failoverMs } } : {}),
      rounds: 1
    })),
    ...[1, 3].map((replicas) => ({
      group: `${partitions} partitions`,
      name: replicas === 1 ? '1 replica' : `${replicas} replicas`,
      program: 'throughput',
      settings: { ...scene, before: records, replicas },
      rounds: 1
    }))
  ]
}

/** What replicas cost: the leader's work in a round, and what records notice of replicas that come and go. */
export const replicas: Suite = {
  title: 'Replicas: what a rebalance costs',
  async prepare(options) {
    const sizes = taskCounts.flatMap((tasks) => memberCounts.map((members) => ({ tasks, members })))
    const cases = sizes.map(assignorCase)
    // the assignor needs no broker
    if (options.match.startsWith('assignor')) return { cases, close: async () => {} }
    const broker = await plainBroker(options)
    return {
      cases: [...cases, ...processCases(broker.brokers, options.records)],
      close: () => broker.close()
    }
  }
}
