import { setTimeout } from 'node:timers/promises'
import { hasCode } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { Backoff } from '../backoff.ts'
import type { ClientMetadata } from '../membership/client-metadata.ts'
import type { Thread } from './thread.ts'
import type { UncaughtExceptionHandler, UncaughtResponse } from './uncaught.ts'

/** How often a thread is replaced without one of them having lived for `STEADY_MS`. */
const MAX_REPLACEMENTS = 10
const STEADY_MS = 60_000

export interface ThreadPoolParts {
  readonly make: (number: number) => Thread
  readonly onUncaught: UncaughtExceptionHandler
  /** Asks all processes of the application to stop, in the place of the thread of that number, which has ended. */
  readonly shutDownApplication: (number: number) => Promise<void>
  readonly logger: Logger
}

/**
 * The threads of an application in this process. One that ends with an error is replaced, after a wait that grows, or ends them all, as the
 * handler says.
 */
export class ThreadPool {
  readonly #parts: ThreadPoolParts
  readonly #threads = new Map<number, Thread>()
  readonly #kept = new Map<number, Promise<void>>()
  readonly #ended = Promise.withResolvers<void>()
  readonly #stop = new AbortController()
  readonly #leaving = new Set<number>()
  readonly #failed = new Set<number>()
  #paused = false
  /** What a thread was told that has ended. */
  #clients: readonly ClientMetadata[] = []
  #failure: { readonly error: unknown } | undefined
  /** The whole application does: a place that is kept would tell who starts next to stop, too. */
  #shutsDown = false

  constructor(parts: ThreadPoolParts) {
    this.#parts = parts
  }

  /** Those that run, or begin to. */
  get threads(): readonly Thread[] {
    return [...this.#threads.values()]
  }

  /** Each has its active tasks restored, and none waits to be replaced. */
  get running(): boolean {
    return (
      this.#threads.size > 0 &&
      this.#threads.size === this.#kept.size &&
      this.threads.every(({ running }) => running)
    )
  }

  /** Numbers of threads that ended with an error and have no other in their place: the group keeps their places for a session. */
  get failed(): readonly number[] {
    return [...this.#failed]
  }

  /** Resolves when the last thread has ended; rejects with the error that ended them. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /**
   * Who has what in the whole application: each thread is told of all. The others are where they were while the only thread is replaced, and
   * when it has ended.
   */
  clients(): readonly ClientMetadata[] {
    return this.threads.map((one) => one.clients()).find(({ length }) => length > 0) ?? this.#clients
  }

  /** Begins one more. Returns its number: the lowest that is free. */
  add(): number {
    let number = 1
    while (this.#kept.has(number)) number++
    const kept = this.#keep(number)
      .catch((error) => this.fail(error))
      .finally(() => {
        this.#kept.delete(number)
        this.#leaving.delete(number)
        if (this.#kept.size > 0) return
        if (this.#failure === undefined) this.#ended.resolve()
        else this.#ended.reject(this.#failure.error)
      })
    this.#kept.set(number, kept)
    return number
  }

  /** Ends the last one that is not ending, which gives its tasks to the others. Resolves with its number; undefined: there is but one. */
  async remove(): Promise<number | undefined> {
    const staying = [...this.#kept.keys()].filter((one) => !this.#leaving.has(one))
    if (staying.length < 2) return undefined
    const number = Math.max(...staying)
    this.#leaving.add(number)
    this.#threads.get(number)?.stop({ leave: true })
    await this.#kept.get(number)
    return number
  }

  pause(paused: boolean): void {
    this.#paused = paused
    for (const thread of this.threads) thread.pause(paused)
  }

  /** Lets all commit and end. */
  stop({ leave }: { readonly leave: boolean }): void {
    this.#stop.abort()
    for (const thread of this.threads) thread.stop({ leave: leave || this.#shutsDown })
  }

  /** Ends all at once. */
  kill(): void {
    this.#stop.abort()
    for (const thread of this.threads) thread.kill()
  }

  /** Ends all because of an error that is no thread's. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    if (hasCode(error, 'APPLICATION_SHUTDOWN')) this.#shutsDown = true
    this.stop({ leave: false })
  }

  /** Runs a thread, and others in its place. Rejects with what ends all of them. */
  async #keep(number: number): Promise<void> {
    const backoff = new Backoff(500, 30_000)
    const { logger } = this.#parts
    const { signal } = this.#stop
    let replacements = 0
    while (!signal.aborted && !this.#leaving.has(number)) {
      const began = performance.now()
      try {
        await this.#run(number)
        return
      } catch (error) {
        if (signal.aborted) throw error
        if (performance.now() - began >= STEADY_MS) {
          replacements = 0
          backoff.reset()
        }
        const response = this.#responseTo(error)
        if (response === 'shutdown-application') {
          // before the other threads end because they are told, too
          this.#failure ??= { error }
          this.#shutsDown = true
          await this.#parts
            .shutDownApplication(number)
            .catch((reason) =>
              logger.error(`the other processes were not told: ${(reason as Error).message}`)
            )
        }
        if (response !== 'replace-thread' || ++replacements > MAX_REPLACEMENTS) throw error
        const delay = backoff.next()
        logger.warn(
          `thread ${number} ended: ${(error as Error).message}; another takes its place in ${Math.round(delay)} ms`
        )
        await setTimeout(delay, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #run(number: number): Promise<void> {
    const thread = this.#parts.make(number)
    thread.pause(this.#paused)
    this.#threads.set(number, thread)
    this.#failed.delete(number)
    try {
      await thread.run()
    } catch (error) {
      // the place of one that was fenced is another's
      if (!hasCode(error, 'GROUP_FENCED')) this.#failed.add(number)
      throw error
    } finally {
      this.#threads.delete(number)
      const clients = thread.clients()
      if (clients.length > 0) this.#clients = clients
    }
  }

  #responseTo(error: unknown): UncaughtResponse {
    if (hasCode(error, 'THREAD_DIED')) return 'replace-thread'
    // another process has decided
    if (hasCode(error, 'APPLICATION_SHUTDOWN')) return 'shutdown-client'
    try {
      return this.#parts.onUncaught(error as Error)
    } catch (thrown) {
      this.#parts.logger.error(`uncaughtExceptionHandler threw: ${(thrown as Error).message}`)
      return 'shutdown-client'
    }
  }
}
