import type { FetchAnswer, FetchPartition, FetchTarget } from './fetch-api.ts'

/** Where a request stands in the session, and what it has to tell the broker. */
export interface SessionRequest {
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly partitions: readonly FetchPartition[]
  readonly forgotten: readonly FetchTarget[]
}

/** A full fetch that opens no session. */
const sessionlessEpoch = -1
/** A full fetch that opens a session, closing the one whose id it carries. */
const openingEpoch = 0
const lastEpoch = 2 ** 31 - 1

// the brokers' error codes about sessions
const idNotFound = 70
const invalidEpoch = 71
const topicIdError = 106

export function partitionKey({ topicId, partition }: FetchTarget): string {
  return `${topicId}/${partition}`
}

export function sessionless(partitions: readonly FetchPartition[]): SessionRequest {
  return { sessionId: 0, sessionEpoch: sessionlessEpoch, partitions, forgotten: [] }
}

/**
 * A fetch session with one broker (KIP-227): the broker remembers the partitions and where each is read from, so that a request names
 * only what has changed, and an answer only what is new. The broker fills its answers in an order of its own, in which who was served
 * goes last.
 */
export class FetchSession {
  #id = 0
  #epoch = openingEpoch
  /** What the broker remembers, by partitionKey. */
  #known = new Map<string, FetchPartition>()

  /** The broker names it in answers only when there is news of it. */
  knows(target: FetchTarget): boolean {
    return this.#epoch !== openingEpoch && this.#known.has(partitionKey(target))
  }

  /** The request that makes the session fetch exactly these. The order counts for those that are new to it. */
  request(wanted: readonly FetchPartition[]): SessionRequest {
    const sessionId = this.#id
    const sessionEpoch = this.#epoch
    const next = new Map(wanted.map((partition) => [partitionKey(partition), partition]))
    const known = this.#known
    this.#known = next
    if (sessionEpoch === openingEpoch) return { sessionId, sessionEpoch, partitions: wanted, forgotten: [] }
    const partitions: FetchPartition[] = []
    for (const [key, partition] of next) if (!isSame(known.get(key), partition)) partitions.push(partition)
    const forgotten: FetchTarget[] = []
    for (const [key, partition] of known) if (!next.has(key)) forgotten.push(partition)
    return { sessionId, sessionEpoch, partitions, forgotten }
  }

  /** Takes note of an answer without an error of its own. */
  answered({ sessionId }: FetchAnswer): void {
    this.#id = sessionId
    // a broker that has no room for the session says 0, and is asked again with the next full fetch
    if (sessionId === 0) this.#epoch = openingEpoch
    else this.#epoch = this.#epoch === lastEpoch ? 1 : this.#epoch + 1
  }

  /** Takes note of an answer that is an error. True if it concerns the session alone: the next request starts over. */
  refused(code: number): boolean {
    this.broken()
    if (code === idNotFound) this.#id = 0
    return code === idNotFound || code === invalidEpoch || code === topicIdError
  }

  /** After a lost answer it is not known what the broker remembers: the next request starts over. */
  broken(): void {
    this.#epoch = openingEpoch
  }
}

function isSame(known: FetchPartition | undefined, wanted: FetchPartition): boolean {
  return (
    known !== undefined &&
    known.offset === wanted.offset &&
    known.leaderEpoch === wanted.leaderEpoch &&
    known.lastEpoch === wanted.lastEpoch
  )
}
