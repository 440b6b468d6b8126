import { protocolErrorsCodesById } from '@platformatic/kafka'
import { type ErrorCode, StreamsError } from '../../core/errors.ts'
import { brokerCode } from './broker-codes.ts'

export { brokerCode } from './broker-codes.ts'
export { connectionError } from './connection-errors.ts'

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

/** What was asked for is wrong in itself. */
const invalid: ReadonlySet<number> = new Set([
  brokerCode.invalidTopic,
  brokerCode.invalidPartitions,
  brokerCode.invalidReplicationFactor,
  brokerCode.invalidReplicaAssignment,
  brokerCode.invalidConfig
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
  const kind: ErrorCode = isRetriable(code)
    ? 'BROKER_UNAVAILABLE'
    : invalid.has(code)
      ? 'CONFIG_INVALID'
      : 'BROKER_REFUSED'
  return new StreamsError(kind, answered(what, code, detail))
}

/** Why a batch cannot be written, for good. */
export function produceError(what: string, code: number, detail?: string | null): StreamsError {
  const kind: ErrorCode = fencing.has(code)
    ? 'PRODUCER_FENCED'
    : refusals.has(code)
      ? 'BROKER_REFUSED'
      : 'PRODUCE_FAILED'
  const next = remedies.get(code)
  return new StreamsError(kind, `${answered(what, code, detail)}${next === undefined ? '' : `; ${next}`}`)
}

/** What helps where Kafka's own words do not say it. */
const remedies: ReadonlyMap<number, string> = new Map([
  [
    brokerCode.messageTooLarge,
    "raise the topic's max.message.bytes, or lower batchBytes and maxRecordBytes below it"
  ],
  [
    brokerCode.invalidTimestamp,
    "correct the record's timestamp, or raise the topic's message.timestamp.after.max.ms or message.timestamp.before.max.ms"
  ]
])

function answered(what: string, code: number, detail: string | null | undefined): string {
  return `${what}: the broker answered ${brokerCodeName(code)}${detail ? `, ${detail}` : ''}`
}
