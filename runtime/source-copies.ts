import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { TopicPartition } from '../core/record.ts'
import type { GroupOffset } from '../kafka/port/group.ts'
import type { HeldTask } from './held-task.ts'
import type { Restorer } from './restore/restorer.ts'
import { TaskPositions } from './task-positions.ts'

export interface SourceCopiesParts {
  /** What the group has committed of these inputs. Waits until no open transaction holds any of them. */
  readonly committedOf: (inputs: readonly TopicPartition[]) => Promise<readonly GroupOffset[]>
  readonly restorer: Restorer
  /** How often the group is asked how far the tasks are, ms. */
  readonly askIntervalMs: number
  readonly clock: Clock
  readonly logger: Logger
}

const none: ReadonlyMap<string, number> = new Map()

/**
 * Follows the changelogs of copies. Where a table's changelog is its source topic, that has records which the task has not processed: a copy goes as
 * far as the group has committed, which is asked again at an interval, for all copies of a thread at once. After `StoreChangelogReader`, which asks
 * every `commit.interval.ms`.
 */
export class SourceCopies {
  readonly #parts: SourceCopiesParts
  readonly #followed = new Map<AbortSignal, HeldTask>()
  #asking = false
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(parts: SourceCopiesParts) {
    this.#parts = parts
  }

  /** Follows all changelogs of a copy whose stores are open until `signal` is aborted. Rejects with what it failed with. */
  async follow(held: HeldTask, signal: AbortSignal): Promise<void> {
    const positions = await this.#positionsOf(held.sources)
    if (signal.aborted) return
    this.#followed.set(signal, held)
    try {
      await this.#parts.restorer.follow(held.changelogsAt(positions), signal)
    } finally {
      this.#followed.delete(signal)
    }
  }

  /** Asks how far the tasks are when it is time to. To be called at every turn. */
  poll(): void {
    if (this.#asking || this.#followed.size === 0) return
    const now = this.#parts.clock.now()
    if (now - this.#askedAt < this.#parts.askIntervalMs) return
    const sources = [...this.#followed.values()].flatMap((held) => held.sources)
    if (sources.length > 0) void this.#ask(sources, now)
  }

  async #ask(sources: readonly TopicPartition[], now: number): Promise<void> {
    this.#asking = true
    this.#askedAt = now
    try {
      const positions = await this.#positionsOf(sources)
      for (const source of sources)
        this.#parts.restorer.goOnTo(source, positions.of(source.topic, source.partition), now)
    } catch (error) {
      // they are where they were, and say for how long
      this.#parts.logger.warn(
        `how far the tasks of standbys are is not known: ${error instanceof Error ? error.message : error}`
      )
    } finally {
      this.#asking = false
    }
  }

  async #positionsOf(sources: readonly TopicPartition[]): Promise<TaskPositions> {
    const positions = new TaskPositions()
    if (sources.length > 0)
      positions.take(sources, { committed: await this.#parts.committedOf(sources), earliest: none })
    return positions
  }
}
