import type { StreamsError } from '../../core/errors.ts'
import type { Alarm } from './alarm.ts'
import type { Cluster } from './cluster.ts'
import { connectionError } from './errors.ts'
import type { PartitionBatches } from './partition-batches.ts'
import { Backoff, ticks } from './retry.ts'

interface LookUpListener {
  /** Something may be sendable now. */
  done(): void
  problem(failure: StreamsError): void
}

/** Asks for the leaders of the partitions that have something to send, one request at a time and not too often. */
export class LeaderLookUp {
  readonly #cluster: Cluster
  readonly #partitions: ReadonlySet<PartitionBatches>
  readonly #alarm: Alarm
  readonly #listener: LookUpListener
  readonly #backoff = new Backoff()
  #asking = false
  #notBefore = 0

  constructor(
    cluster: Cluster,
    partitions: ReadonlySet<PartitionBatches>,
    alarm: Alarm,
    listener: LookUpListener
  ) {
    this.#cluster = cluster
    this.#partitions = partitions
    this.#alarm = alarm
    this.#listener = listener
  }

  refresh(now: number): void {
    if (this.#asking) return
    if (this.#notBefore > now) {
      this.#alarm.by(this.#notBefore)
      return
    }
    this.#asking = true
    void this.#ask().finally(() => {
      this.#asking = false
      this.#listener.done()
    })
  }

  async #ask(): Promise<void> {
    const asked = [...this.#partitions]
    let found = false
    try {
      await this.#cluster.refresh([...new Set(asked.map(({ topic }) => topic))])
      found = true
      for (const partition of asked) {
        partition.stale = false
        const leader = this.#cluster.topic(partition.topic)?.partitions[partition.partition]?.leader ?? -1
        if (leader < 0) found = false
      }
    } catch (error) {
      this.#listener.problem(connectionError('looking up partition leaders', error))
    }
    if (found) this.#backoff.reset()
    else this.#notBefore = ticks() + this.#backoff.next()
  }
}
