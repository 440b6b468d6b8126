/** A request that a broker answered, or failed to. */
export interface RequestMetric {
  /** Kafka's name of the request, e.g. `Produce`. */
  readonly api: string
  /** `host:port` */
  readonly broker: string
  /** From the moment it was handed to the connection to its answer, ms. */
  readonly ms: number
  /** False when the connection broke or the time was up: the broker may have acted or not. */
  readonly answered: boolean
}

/** One answer to a fetch. */
export interface FetchMetric {
  /** `host:port` */
  readonly broker: string
  /** Of the whole answer. */
  readonly bytes: number
  /** With records in them. */
  readonly partitions: number
  /** Record batches that arrived. */
  readonly batches: number
  /** The time that the broker waited for data included, ms. */
  readonly ms: number
}

/**
 * What the Kafka core tells about itself. Every function is optional and called synchronously, once a request and never once a record;
 * it must not throw. No metrics library is assumed.
 */
export interface KafkaMetrics {
  request?(metric: RequestMetric): void
  /** Bytes over a connection, after encryption if there is one, since the last call for it. */
  bytes?(broker: string, sent: number, received: number): void
  /** A call is tried again after a failure that may pass; `what` names the call. */
  retry?(what: string): void
  fetch?(metric: FetchMetric): void
}
