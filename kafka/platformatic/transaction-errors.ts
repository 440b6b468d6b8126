import { StreamsError } from '../../core/errors.ts'
import { brokerCode, brokerCodeName, brokerError, isRetriable } from './errors.ts'
import type { ProducerIdentity } from './producer-identity.ts'

/** Codes that only transactions are answered with. */
export const transactionCode = {
  unknown: -1,
  invalidTxnState: 48,
  invalidProducerIdMapping: 49,
  operationNotAttempted: 55,
  transactionAbortable: 120
} as const

const fencing: ReadonlySet<number> = new Set([brokerCode.invalidProducerEpoch, brokerCode.producerFenced])

const abortable: ReadonlySet<number> = new Set([
  transactionCode.unknown,
  transactionCode.invalidTxnState,
  transactionCode.invalidProducerIdMapping,
  transactionCode.operationNotAttempted,
  transactionCode.transactionAbortable
])

export type Verdict = 'done' | 'again' | 'abortable' | 'fenced' | 'refused'

/** What an answer's code means for the transaction. */
export function verdictOf(code: number): Verdict {
  if (code === 0) return 'done'
  if (fencing.has(code)) return 'fenced'
  if (abortable.has(code)) return 'abortable'
  return isRetriable(code) ? 'again' : 'refused'
}

/** Makes the errors of one transactional id. */
export class TransactionErrors {
  readonly #transactionalId: string

  constructor(transactionalId: string) {
    this.#transactionalId = transactionalId
  }

  /** The transaction did not happen, or nobody knows. */
  abortable(why: string, cause?: unknown): StreamsError {
    return new StreamsError(
      'TRANSACTION_ABORTABLE',
      `transaction of '${this.#transactionalId}': ${why}`,
      cause
    )
  }

  fenced(identity: ProducerIdentity, what: string, cause?: unknown): StreamsError {
    return new StreamsError(
      'PRODUCER_FENCED',
      `transactional id '${this.#transactionalId}': producer ${identity.producerId} with epoch ${identity.epoch} was fenced: ` +
        `another one opened the id, or the transaction was open for longer than its timeout (${what})`,
      cause
    )
  }

  /** For a code that is neither success nor to be asked again. */
  of(code: number, what: string, identity: ProducerIdentity): StreamsError {
    const answer = `${what}: the broker answered ${brokerCodeName(code)}`
    const verdict = verdictOf(code)
    if (verdict === 'fenced') return this.fenced(identity, answer)
    if (verdict === 'refused') return brokerError(`transaction of '${this.#transactionalId}': ${what}`, code)
    return this.abortable(answer)
  }

  /** What a failure of the sender means for the transaction. */
  ofBatches(failure: StreamsError, identity: ProducerIdentity): StreamsError {
    if (failure.code === 'PRODUCER_FENCED') return this.fenced(identity, failure.message, failure)
    if (failure.code === 'PRODUCE_FAILED') return this.abortable(failure.message, failure)
    return new StreamsError(failure.code, failure.message, failure)
  }
}
