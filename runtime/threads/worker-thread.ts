import { Worker } from 'node:worker_threads'
import { type ErrorCode, StreamsError } from '../../core/errors.ts'
import type { ResolvedConfig } from '../config.ts'
import type { ClientMetadata } from '../membership/client-metadata.ts'
import { Progress } from '../task/progress.ts'
import type { TaskStatus } from '../task-status.ts'
import { errorOf } from './errors.ts'
import type { MetricsCopies } from './metrics-copies.ts'
import { Stall } from './stall.ts'
import { stuckText, type WorkNames } from './stuck-work.ts'
import type { Thread } from './thread.ts'
import type { ThreadNews, ThreadOrder, ThreadStart } from './thread-protocol.ts'

export interface WorkerThreadParts {
  readonly start: Omit<ThreadStart, 'progress' | 'paused'>
  readonly config: ResolvedConfig
  readonly names: WorkNames
  /** Gives up the thread's place in the group on its behalf. */
  readonly leave: () => Promise<void>
  /** Told what the thread has counted. */
  readonly copies: MetricsCopies
  /** Told of a failure that the thread could not count. */
  readonly failed: (code: ErrorCode) => void
}

/** How long a reader of metrics waits for one that is busy, ms. */
const LATE_MS = 1_000

interface Call {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * A stream thread in a worker thread, seen from the main thread. Whatever a function of the graph does there, the main thread's event loop
 * goes on; a thread that is stuck is noticed, told, and ended.
 */
export class WorkerThread implements Thread {
  readonly number: number
  readonly #parts: WorkerThreadParts
  readonly #progress = new Progress()
  readonly #ended = Promise.withResolvers<void>()
  readonly #calls = new Map<number, Call>()
  #worker: Worker | undefined
  #tasks: readonly TaskStatus[] = []
  #clients: readonly ClientMetadata[] = []
  #running = false
  #paused = false
  #stop: ThreadOrder | undefined
  #called = 0
  /** What ended it is among what it counted. */
  #counted = false

  constructor(parts: WorkerThreadParts) {
    this.number = parts.start.number
    this.#parts = parts
  }

  get running(): boolean {
    return this.#running
  }

  status(): readonly TaskStatus[] {
    return this.#tasks
  }

  clients(): readonly ClientMetadata[] {
    return this.#clients
  }

  async run(): Promise<void> {
    const { start, copies, failed } = this.#parts
    const file = import.meta.url.endsWith('.ts') ? './thread-worker.ts' : './thread-worker.js'
    const worker = new Worker(new URL(file, import.meta.url), {
      name: `stream-thread-${this.number}`,
      workerData: { ...start, progress: this.#progress.memory, paused: this.#paused } satisfies ThreadStart
    })
    this.#worker = worker
    copies.began(this)
    worker.on('message', (news: ThreadNews) => this.#hear(news))
    worker.on('error', (error) => this.#ended.reject(this.#died(error)))
    worker.on('exit', () => this.#ended.reject(this.#died(undefined)))
    if (this.#stop !== undefined) worker.postMessage(this.#stop)
    const watch = this.#watch()
    try {
      await this.#ended.promise
    } catch (error) {
      if (!this.#counted) failed(error instanceof StreamsError ? error.code : 'PROCESSOR_FAILED')
      throw error
    } finally {
      clearInterval(watch)
      copies.ended(this)
      this.#running = false
      this.#tasks = []
      for (const { reject } of this.#calls.values())
        reject(new StreamsError('STORE_CLOSED', `thread ${this.number} has ended`))
      this.#calls.clear()
      await worker.terminate()
      this.#worker = undefined
    }
  }

  stop({ leave }: { readonly leave: boolean }): void {
    this.#stop = { order: 'stop', leave }
    this.#worker?.postMessage(this.#stop)
  }

  kill(): void {
    this.#ended.resolve()
  }

  pause(paused: boolean): void {
    this.#paused = paused
    this.#worker?.postMessage({ order: 'pause', paused } satisfies ThreadOrder)
  }

  async rebuild(task: string): Promise<void> {
    await this.#call((call) => ({ order: 'rebuild', call, task }))
  }

  /** Brings its copy up to date. Where it does not answer within a second, or ends meanwhile, what it told last stays. */
  async tellMetrics(): Promise<void> {
    const answer = this.#call((call) => ({ order: 'metrics', call }))
    const late = new Promise<void>((resolve) => setTimeout(resolve, LATE_MS).unref())
    await Promise.race([answer, late]).catch(() => undefined)
  }

  #call(order: (call: number) => ThreadOrder): Promise<void> {
    const worker = this.#worker
    if (worker === undefined)
      return Promise.reject(new StreamsError('STORE_CLOSED', `thread ${this.number} does not run`))
    const call = this.#called++
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject })
      worker.postMessage(order(call))
    })
  }

  #answer(call: number, give: (waiting: Call) => void): void {
    const waiting = this.#calls.get(call)
    this.#calls.delete(call)
    if (waiting !== undefined) give(waiting)
  }

  #hear(news: ThreadNews): void {
    const { logger, onRestore } = this.#parts.config
    switch (news.news) {
      case 'status':
        this.#running = news.running
        this.#tasks = news.tasks
        this.#clients = news.clients
        return
      case 'log':
        logger[news.level](`thread ${this.number}: ${news.text}`)
        return
      case 'restore':
        onRestore(news.progress)
        return
      case 'metrics':
        this.#parts.copies.heard(this, news.metrics)
        this.#answer(news.call, ({ resolve }) => resolve())
        return
      case 'rebuilt': {
        const { error } = news
        this.#answer(news.call, ({ resolve, reject }) => {
          if (error === undefined) resolve()
          else reject(errorOf(error))
        })
        return
      }
      case 'ended':
        if (news.metrics !== undefined) {
          this.#counted = true
          this.#parts.copies.heard(this, news.metrics)
        }
        if (news.error === undefined) this.#ended.resolve()
        else this.#ended.reject(errorOf(news.error))
    }
  }

  #watch(): NodeJS.Timeout | undefined {
    const { maxPollIntervalMs } = this.#parts.config
    if (maxPollIntervalMs === 0) return undefined
    const stall = new Stall(this.#progress, maxPollIntervalMs)
    return setInterval(() => {
      if (stall.look(performance.now())) void this.#endStuck(maxPollIntervalMs)
    }, stall.everyMs).unref()
  }

  /** It cannot be asked to leave any more. Others get its tasks before anything else is done. */
  async #endStuck(ms: number): Promise<void> {
    const { names, leave, config } = this.#parts
    const text = stuckText(names, this.#progress.work, ms)
    config.logger.error(`${text}; it leaves the group and is ended`)
    await leave().catch((error) => config.logger.warn(`leaving the group: ${(error as Error).message}`))
    this.#ended.reject(new StreamsError('TASK_STUCK', text))
  }

  /** @param cause undefined: it ended without a word */
  #died(cause: unknown): StreamsError {
    const why = cause === undefined ? 'it ended' : cause instanceof Error ? cause.message : String(cause)
    return new StreamsError('THREAD_DIED', `thread ${this.number} died: ${why}`, cause)
  }
}
