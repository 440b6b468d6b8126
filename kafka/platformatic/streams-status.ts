import type { ErrorCode } from '../../core/errors.ts'

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
