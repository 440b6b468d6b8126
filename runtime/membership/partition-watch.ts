import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import type { Admin } from '../../kafka/port/admin.ts'
import type { TaskPlan } from '../task-plan.ts'

/** How often it looks, ms. */
const LOOK_MS = 60_000

/**
 * Looks from time to time whether the topics that tasks read have had partitions added. Under the classic protocol nobody else would notice:
 * which tasks there are is settled when a process starts. Their records stay unread, which is told once.
 */
export class PartitionWatch {
  readonly #admin: Admin
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #counts = new Map<string, number>()
  #nextLook: number

  constructor(tasks: readonly TaskPlan[], admin: Admin, clock: Clock, logger: Logger) {
    this.#admin = admin
    this.#clock = clock
    this.#logger = logger
    this.#nextLook = clock.now() + LOOK_MS
    for (const { inputs } of tasks)
      for (const { topic, partition } of inputs)
        this.#counts.set(topic, Math.max(this.#counts.get(topic) ?? 0, partition + 1))
  }

  /** Called often; looks in the background, and never throws. */
  check(): void {
    const now = this.#clock.now()
    if (now < this.#nextLook) return
    this.#nextLook = now + LOOK_MS
    this.look().catch((error: Error) => this.#logger.warn(`looking for new partitions: ${error.message}`))
  }

  /** Throws BROKER_UNAVAILABLE. */
  async look(): Promise<void> {
    for (const { name, partitions } of (
      await this.#admin.describeTopics([...this.#counts.keys()])
    ).values()) {
      const known = this.#counts.get(name) ?? partitions
      if (partitions <= known) continue
      this.#counts.set(name, partitions)
      this.#logger.error(
        `topic "${name}" has ${partitions} partitions now, but had ${known} when this process was started: the new ones are not read before all replicas are started again`
      )
    }
  }
}
