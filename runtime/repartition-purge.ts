import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Admin } from '../kafka/port/admin.ts'
import type { GroupOffset } from '../kafka/port/group.ts'

/**
 * Deletes what was committed from repartition topics: nobody reads it again, and their retention is unlimited. Works beside the
 * processing and is not awaited; a failure only means that the next time deletes more. After Kafka Streams' purge
 * (`repartition.purge.interval.ms`).
 */
export class RepartitionPurge {
  readonly #admin: Admin
  readonly #topics: ReadonlySet<string>
  readonly #intervalMs: number
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #committed = new Map<string, GroupOffset>()
  #next: number
  #running: Promise<void> = Promise.resolve()
  #busy = false

  constructor(admin: Admin, topics: ReadonlySet<string>, intervalMs: number, clock: Clock, logger: Logger) {
    this.#admin = admin
    this.#topics = topics
    this.#intervalMs = intervalMs
    this.#clock = clock
    this.#logger = logger
    this.#next = clock.now() + intervalMs
  }

  /** To be called after each commit. */
  committed(offsets: readonly GroupOffset[]): void {
    for (const offset of offsets)
      if (this.#topics.has(offset.topic) && offset.offset > 0)
        this.#committed.set(`${offset.topic}-${offset.partition}`, offset)
    if (this.#busy || this.#committed.size === 0 || this.#clock.now() < this.#next) return
    this.#busy = true
    this.#running = this.#purge()
  }

  /** Waits for a deletion under way. */
  close(): Promise<void> {
    return this.#running
  }

  async #purge(): Promise<void> {
    const before = [...this.#committed.values()]
    this.#committed.clear()
    try {
      await this.#admin.deleteRecords(before)
    } catch (error) {
      this.#logger.warn(`repartition topics were not purged: ${(error as Error).message}`)
    }
    this.#next = this.#clock.now() + this.#intervalMs
    this.#busy = false
  }
}
