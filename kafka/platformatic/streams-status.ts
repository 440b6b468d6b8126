import { type ErrorCode, StreamsError } from '../../core/errors.ts'
import { brokerCode, brokerCodeName, brokerError } from './errors.ts'

/** Why a member cannot go on. */
export interface GroupProblem {
  readonly code: ErrorCode
  readonly reason: string
  /** How long it may be reported before it counts, in ms: a coordinator may not have heard yet of a topic just made. */
  readonly patienceMs: number
}

const topicPatienceMs = 30_000

/*
 * Status codes of a heartbeat's answer (KIP-1071). The others pass by themselves: an older topology (0) keeps its tasks and gets no new ones,
 * internal topics (3) are being made, the assignment (5) is being worked out.
 */
const problems: ReadonlyMap<number, GroupProblem> = new Map([
  [1, { code: 'TOPIC_MISSING', reason: 'source topics are missing', patienceMs: topicPatienceMs }],
  [
    2,
    {
      code: 'TOPIC_MISMATCH',
      reason: 'topics that are read together have different numbers of partitions',
      patienceMs: topicPatienceMs
    }
  ],
  [
    4,
    {
      code: 'APPLICATION_SHUTDOWN',
      reason: 'a member asked the whole application to shut down',
      patienceMs: 0
    }
  ],
  [
    6,
    {
      code: 'CONFIG_INVALID',
      reason: 'the group assigns by tags that this member does not have',
      patienceMs: 0
    }
  ]
])

/** The first status that a member cannot wait out. */
export function problemOf(
  status: readonly { readonly code: number; readonly detail: string }[]
): GroupProblem | undefined {
  for (const { code, detail } of status) {
    const problem = problems.get(code)
    if (problem !== undefined) return { ...problem, reason: `${problem.reason}: ${detail}` }
  }
  return undefined
}

/** What a heartbeat's error code means. */
export function refusalOf(
  code: number,
  message: string | null,
  about: (what: string) => string
): StreamsError {
  if (code === brokerCode.groupIdNotFound)
    return new StreamsError(
      'CONFIG_INVALID',
      about('the group has members of another kind, such as a consumer; give this one a group of its own')
    )
  if (code === brokerCode.invalidRequest && message?.startsWith('Topology updates') === true)
    return new StreamsError(
      'TOPOLOGY_CHANGED',
      about(
        'the group has another graph: give this one an application id of its own, or delete the group when its members have left (kafka-streams-groups --delete)'
      )
    )
  if (code === brokerCode.fencedInstanceId)
    return new StreamsError(
      'GROUP_FENCED',
      about(`another process took its place (${brokerCodeName(code)})${message ? `: ${message}` : ''}`)
    )
  // Kafka 4.4 answers so a member with an endpoint while the coordinator has not heard yet of a topic just made
  if (code === brokerCode.unknownServerError)
    return new StreamsError('BROKER_UNAVAILABLE', about('a heartbeat failed in the broker'))
  return brokerError(about('a heartbeat was refused'), code, message)
}
