import { AuthenticationError, NetworkError, protocolErrorsCodesById, UserError } from '@platformatic/kafka'
import { type ErrorCode, StreamsError } from '../../core/errors.ts'

/** The brokers' error codes that this adapter tells apart. */
export const brokerCode = {
  none: 0,
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeaderOrFollower: 6,
  requestTimedOut: 7,
  replicaNotAvailable: 9,
  networkException: 13,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  illegalGeneration: 22,
  unknownMemberId: 25,
  rebalanceInProgress: 27,
  topicAuthorizationFailed: 29,
  groupAuthorizationFailed: 30,
  clusterAuthorizationFailed: 31,
  unsupportedVersion: 35,
  topicAlreadyExists: 36,
  notController: 41,
  policyViolation: 44,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  concurrentTransactions: 51,
  transactionalIdAuthorizationFailed: 53,
  storageError: 56,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  offsetNotAvailable: 78,
  memberIdRequired: 79,
  fencedInstanceId: 82,
  unstableOffsetCommit: 88,
  throttlingQuotaExceeded: 89,
  producerFenced: 90,
  unknownTopicId: 100,
  inconsistentTopicId: 103
} as const

/** What passes when metadata is fetched again, a broker has caught up, or simply later. */
const retriable: ReadonlySet<number> = new Set([
  brokerCode.corruptMessage,
  brokerCode.unknownTopicOrPartition,
  brokerCode.leaderNotAvailable,
  brokerCode.notLeaderOrFollower,
  brokerCode.requestTimedOut,
  brokerCode.replicaNotAvailable,
  brokerCode.networkException,
  brokerCode.coordinatorLoading,
  brokerCode.coordinatorNotAvailable,
  brokerCode.notCoordinator,
  brokerCode.notEnoughReplicas,
  brokerCode.notEnoughReplicasAfterAppend,
  brokerCode.notController,
  brokerCode.concurrentTransactions,
  brokerCode.storageError,
  brokerCode.fencedLeaderEpoch,
  brokerCode.unknownLeaderEpoch,
  brokerCode.offsetNotAvailable,
  brokerCode.unstableOffsetCommit,
  brokerCode.throttlingQuotaExceeded,
  brokerCode.unknownTopicId,
  brokerCode.inconsistentTopicId
])

const fencing: ReadonlySet<number> = new Set([brokerCode.invalidProducerEpoch, brokerCode.producerFenced])

const refusals: ReadonlySet<number> = new Set([
  brokerCode.topicAuthorizationFailed,
  brokerCode.groupAuthorizationFailed,
  brokerCode.clusterAuthorizationFailed,
  brokerCode.unsupportedVersion,
  brokerCode.policyViolation,
  brokerCode.transactionalIdAuthorizationFailed
])

export function isRetriable(code: number): boolean {
  return retriable.has(code)
}

/** `NOT_LEADER_OR_FOLLOWER (6)` */
export function brokerCodeName(code: number): string {
  return `${protocolErrorsCodesById[code] ?? 'an unknown error'} (${code})`
}

/** `what` says what was asked of whom; the broker's answer is added. */
export function brokerError(what: string, code: number, detail?: string | null): StreamsError {
  const kind: ErrorCode = isRetriable(code) ? 'BROKER_UNAVAILABLE' : 'BROKER_REFUSED'
  return new StreamsError(kind, answered(what, code, detail))
}

/** Why a batch cannot be written, for good. */
export function produceError(what: string, code: number, detail?: string | null): StreamsError {
  const kind: ErrorCode = fencing.has(code)
    ? 'PRODUCER_FENCED'
    : refusals.has(code)
      ? 'BROKER_REFUSED'
      : 'PRODUCE_FAILED'
  return new StreamsError(kind, answered(what, code, detail))
}

function answered(what: string, code: number, detail: string | null | undefined): string {
  return `${what}: the broker answered ${brokerCodeName(code)}${detail ? `, ${detail}` : ''}`
}

/** Errors of the library and of sockets: what is about the network may pass, everything else will not. */
export function connectionError(what: string, error: unknown): StreamsError {
  if (error instanceof StreamsError) return error
  const refused = refusalIn(error)
  if (refused !== undefined) return new StreamsError('BROKER_REFUSED', `${what}: ${refused.message}`, error)
  const cause = error instanceof Error ? error : new Error(String(error))
  // an unexpected answer closes the connection, so that the next one starts clean; it counts as the network, too
  const network = cause instanceof NetworkError || isNetwork(cause)
  return new StreamsError(
    network ? 'BROKER_UNAVAILABLE' : 'BROKER_REFUSED',
    `${what}: ${reason(cause)}`,
    error
  )
}

function isNetwork(error: Error): boolean {
  const code = (error as { readonly code?: unknown }).code
  // the library's timeouts carry the code of its network errors
  return code === NetworkError.code || code === 'PLT_KFK_UNEXPECTED_CORRELATION_ID'
}

/** Wrong credentials or settings hide as causes of a network error. */
function refusalIn(error: unknown): Error | undefined {
  let at = error
  for (let depth = 0; at instanceof Error && depth < 5; depth++) {
    if (at instanceof AuthenticationError || at instanceof UserError) return at
    at = at.cause
  }
  return undefined
}

function reason(error: Error): string {
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
