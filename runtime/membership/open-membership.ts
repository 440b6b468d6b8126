import { StreamsError } from '../../core/errors.ts'
import type { Admin } from '../../kafka/port/admin.ts'
import { tasksOnDisk } from '../../state/task-directories.ts'
import type { Topology } from '../../topology/topology.ts'
import type { ResolvedConfig } from '../config.ts'
import type { Plan } from '../task-plan.ts'
import { ClassicMembership } from './classic-membership.ts'
import { endDepartedTransactions } from './departed-transactions.ts'
import { graphFingerprint } from './graph-fingerprint.ts'
import type { Membership } from './membership.ts'
import { PartitionWatch } from './partition-watch.ts'
import { StreamsMembership } from './streams-membership.ts'
import { streamsTopology } from './streams-topology.ts'
import { type CopyOffsets, taskOffsets } from './task-offsets.ts'

/** How long the broker of a streams group waits for a member to give up tasks. */
const REBALANCE_TIMEOUT_MS = 60_000

export interface MembershipParts {
  readonly config: ResolvedConfig
  readonly topology: Topology
  readonly plan: Plan
  readonly admin: Admin
  readonly clientId: string
  readonly processId: string
  /** Changelog records that open tasks lack. */
  readonly lags: () => ReadonlyMap<string, number>
  readonly copies: () => ReadonlyMap<string, CopyOffsets>
}

/** Membership over the protocol that is configured, under the name that the process has by its state directory. Throws CONFIG_INVALID. */
export function openMembership(parts: MembershipParts): Membership {
  return parts.config.groupProtocol === 'streams' ? streamsMembership(parts) : classicMembership(parts)
}

function streamsMembership(parts: MembershipParts): Membership {
  const { config, topology, plan, clientId, processId, lags, copies } = parts
  const member = config.kafka.streamsGroup?.({
    clientId,
    groupId: config.applicationId,
    instanceId: clientId,
    processId,
    topology: streamsTopology(topology, plan),
    tags: config.clientTags,
    endpoint: config.applicationServer ?? null,
    rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
    offsets: () =>
      taskOffsets(
        copies(),
        onDisk(parts).filter((id) => !lags().has(id))
      )
  })
  if (member === undefined)
    throw new StreamsError('CONFIG_INVALID', 'groupProtocol "streams" is not spoken by this Kafka client')
  return new StreamsMembership(member, plan.tasks, () =>
    endDeparted(parts, async () => new Set(await member.instances()))
  )
}

function classicMembership(parts: MembershipParts): Membership {
  const { config, topology, plan, admin, clientId, processId, lags } = parts
  const { kafka, applicationId, sessionTimeoutMs, heartbeatIntervalMs, logger } = config
  return new ClassicMembership({
    group: (assignor) =>
      kafka.group({
        clientId,
        groupId: applicationId,
        instanceId: clientId,
        topics: plan.inputTopics(),
        assignor,
        sessionTimeoutMs,
        heartbeatIntervalMs
      }),
    tasks: plan.tasks,
    topology: graphFingerprint(topology),
    processId,
    tags: config.clientTags,
    endpoint: config.applicationServer ?? '',
    settings: config,
    probingIntervalMs: config.probingRebalanceIntervalMs,
    lags: () => {
      // what is on disk and not open is better than nothing, but nobody knows by how much
      // (and JSON has no infinite numbers)
      const unknown = Math.min(config.acceptableRecoveryLag + 1, Number.MAX_SAFE_INTEGER)
      return new Map([...onDisk(parts).map((id) => [id, unknown] as const), ...lags()])
    },
    afterRound: (present) => endDeparted(parts, async () => present),
    partitions: new PartitionWatch(plan.tasks, admin, config.clock, logger),
    clock: config.clock,
    logger
  })
}

function onDisk({ config, plan }: MembershipParts): readonly string[] {
  const ids = plan.tasks.map(({ id }) => id)
  return tasksOnDisk(config.stateDirectory, config.applicationId, ids)
}

/** Never rejects: without it, who takes over only waits for longer. */
async function endDeparted(
  { config, admin }: MembershipParts,
  present: () => Promise<ReadonlySet<string>>
): Promise<void> {
  const { processingGuarantee, applicationId, logger } = config
  if (processingGuarantee !== 'exactly_once_v2') return
  try {
    const ended = await endDepartedTransactions(admin, applicationId, present)
    if (ended.length > 0)
      logger.info(`ended the transactions of processes that have gone: ${ended.join(', ')}`)
  } catch (error) {
    logger.warn(`transactions of processes that have gone are left to time out: ${(error as Error).message}`)
  }
}
