/** What a transaction may take beside the time between two commits, ms: as long as Kafka Streams lets one take in all. */
const BESIDE_MS = 10_000
/** `transaction.max.timeout.ms` of a broker that says nothing else, ms: one that asks for more is refused. */
const MOST_MS = 900_000

/** The longest `commitIntervalMs` under exactly-once, ms. */
export const mostCommitIntervalMs = MOST_MS - BESIDE_MS

/**
 * `transaction.timeout.ms`, ms. A broker aborts a transaction that is open for longer, and it is open for a commit interval in the normal way: by a
 * fixed timeout no transaction of a long interval would ever be committed. Kafka Streams has the timeout set by hand then, and refuses one that is
 * shorter than the interval.
 */
export function transactionTimeoutMs(commitIntervalMs: number): number {
  return commitIntervalMs + BESIDE_MS
}
