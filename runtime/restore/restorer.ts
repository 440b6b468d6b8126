import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { partitionName, type TopicPartition } from '../../core/record.ts'
import { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import type { Admin } from '../../kafka/port/admin.ts'
import type { KafkaClient } from '../../kafka/port/client.ts'
import type { Consumer, Fetched } from '../../kafka/port/consumer.ts'
import type { RestoreProgress } from '../config.ts'
import { changelogStart } from './changelog-start.ts'
import type { RestoreJob } from './restore-job.ts'
import { SourceChangelog } from './source-changelog.ts'

export interface RestorerOptions {
  readonly kafka: KafkaClient
  readonly admin: Admin
  readonly clientId: string
  readonly clock: Clock
  readonly logger: Logger
  /** Whether changelogs are written in transactions. */
  readonly transactional: boolean
  readonly onProgress: (progress: RestoreProgress) => void
  /** Told of a store that nothing more is restored into, though no progress says so: it was given up, failed, or lacked nothing. */
  readonly onIdle: (restore: Pick<RestoreProgress, 'store' | 'task' | 'restored'>) => void
}

const POLL_MS = 100
/** Small enough that applying what came does not hold up the tasks that run meanwhile. */
const FETCH_BYTES = 1024 * 1024

/** One fetch may bring more than should be applied without a turn for the others. */
const SLICE_MS = 10

interface Running extends RestoreJob {
  readonly start: number
  /** Moves on for a source topic that is followed. */
  end: number
  /** Where the end of a source topic that is followed moves to: where its task was when the group was asked last, at `askedAt`, ms. */
  target: number
  askedAt: number
  /** Assigned to the consumer. */
  fetching: boolean
  /** Walks what was fetched of a source topic. */
  readonly records: SourceChangelog | undefined
  /** Goes on past the end: the store of a standby. */
  readonly follows: boolean
  restored: number
  /** When it had all of its changelog last, ms. */
  caughtUpAt: number
  readonly done: () => void
  readonly fail: (error: unknown) => void
}

/**
 * Brings stores up to date from their changelogs, each from its checkpoint on, with fetches of its own, while other tasks go on.
 *
 * Reads committed records until the position, past markers and gaps, has reached the high watermark taken at the start: a committed tail
 * may lie beyond the last stable offset, because markers reach partitions at different times. A table that has its source topic for a changelog is
 * brought to just where its task goes on: what comes after will be processed. Stores of standbys are followed without an end, those tables to
 * where their tasks are by what `goOnTo` was told last.
 */
export class Restorer {
  readonly #options: RestorerOptions
  readonly #consumer: Consumer
  readonly #cursor = new RecordCursor()
  readonly #running = new Map<string, Running>()
  #loop: Promise<void> | undefined
  #closed = false
  #lastReport = 0

  constructor(options: RestorerOptions) {
    this.#options = options
    this.#consumer = options.kafka.consumer({
      clientId: `${options.clientId}-restore`,
      partitionMaxBytes: FETCH_BYTES
    })
  }

  /**
   * Resolves with the number of records applied, when all these stores are up to date. Once `signal` is aborted no store of them is touched
   * any more, and the restore rejects with STORE_CLOSED.
   */
  async restore(jobs: readonly RestoreJob[], signal?: AbortSignal): Promise<number> {
    const started = await this.#start(jobs, false, signal)
    return started.reduce((sum, { restored }) => sum + restored, 0)
  }

  /** Keeps these stores up to date until `signal` is aborted. Rejects with STORE_CLOSED then, or with what it failed with. */
  async follow(jobs: readonly RestoreJob[], signal: AbortSignal): Promise<void> {
    await this.#start(jobs, true, signal)
  }

  /** Where the restore of a store is in its changelog; undefined while it is neither restored nor followed. */
  position({ topic, partition }: TopicPartition): number | undefined {
    const job = this.#running.get(partitionName(topic, partition))
    return job && this.#reached(job)
  }

  /** Records between a store and its changelog's end, or where its task is in it; undefined while it is neither restored nor followed. */
  lag({ topic, partition }: TopicPartition): number | undefined {
    const job = this.#running.get(partitionName(topic, partition))
    if (job === undefined) return undefined
    const toEnd = job.records === undefined ? this.#consumer.lag(topic, partition) : undefined
    return toEnd ?? Math.max(0, job.target - this.#reached(job))
  }

  /**
   * For how long a store has not had all of its changelog, ms: what it lacks was written within that time. Undefined while it is neither
   * restored nor followed.
   */
  lagMs({ topic, partition }: TopicPartition): number | undefined {
    const job = this.#running.get(partitionName(topic, partition))
    if (job === undefined) return undefined
    const hasAll = job.records === undefined && this.#consumer.lag(topic, partition) === 0
    return hasAll ? 0 : this.#options.clock.now() - job.caughtUpAt
  }

  /** How far the task of a source topic that is followed was at the time `askedAt`, ms: its store goes on to there. */
  goOnTo({ topic, partition }: TopicPartition, position: number, askedAt: number): void {
    const job = this.#running.get(partitionName(topic, partition))
    if (job?.follows !== true) return
    job.target = Math.max(job.target, position)
    job.askedAt = askedAt
  }

  /** Ends what is under way, where it is: the stores keep what was applied, and the restores reject with STORE_CLOSED. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#loop
    this.#failAll(ended())
    await this.#consumer.close()
  }

  async #start(jobs: readonly RestoreJob[], follows: boolean, signal?: AbortSignal): Promise<Running[]> {
    if (jobs.length === 0) return []
    const { admin, clock, logger, transactional } = this.#options
    const [earliest, latest] = await Promise.all([
      admin.listOffsets(jobs, 'earliest'),
      admin.listOffsets(jobs, 'latest')
    ])
    if (this.#closed || signal?.aborted) throw ended()
    const started: Running[] = []
    const finished: Promise<void>[] = []
    for (const job of jobs) {
      const name = partitionName(job.topic, job.partition)
      const { source } = job
      const known = Math.min(latest.get(name) ?? 0, source?.position ?? Number.POSITIVE_INFINITY)
      const start = changelogStart(job, earliest.get(name) ?? 0, known, clock.now(), logger, transactional)
      const end = Math.max(start, known)
      if (start >= end && !follows) {
        this.#options.onIdle({ store: job.store.name, task: job.task, restored: 0 })
        continue
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const records = source && new SourceChangelog(this.#cursor, source, end)
      const caughtUpAt = clock.now()
      const running = {
        ...job,
        start,
        end,
        target: end,
        askedAt: caughtUpAt,
        fetching: source === undefined || start < end,
        records,
        follows,
        restored: 0,
        caughtUpAt,
        done: resolve,
        fail: reject
      }
      this.#running.set(name, running)
      started.push(running)
      finished.push(promise)
    }
    for (const job of started)
      if (job.fetching) this.#consumer.assign([{ ...placeOf(job), offset: job.start }])
    signal?.addEventListener('abort', () => this.#end(started), { once: true })
    if (!follows) for (const job of started) this.#report(job, false)
    this.#loop ??= this.#run()
    await Promise.all(finished)
    return started
  }

  #end(jobs: readonly Running[]): void {
    for (const job of jobs) {
      const name = partitionName(job.topic, job.partition)
      if (this.#running.get(name) !== job) continue
      this.#running.delete(name)
      this.#consumer.unassign([job])
      this.#fail(job, ended())
    }
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      await this.#consumer.arrival(POLL_MS)
      if (this.#closed || this.#running.size === 0) continue
      try {
        await this.#applyArrived()
      } catch (error) {
        this.#consumer.unassign([...this.#running.values()])
        this.#failAll(error)
      }
    }
  }

  #failAll(error: unknown): void {
    for (const job of this.#running.values()) this.#fail(job, error)
    this.#running.clear()
  }

  #fail(job: Running, error: unknown): void {
    const { store, task, restored, follows } = job
    if (!follows) this.#options.onIdle({ store: store.name, task, restored })
    job.fail(error)
  }

  async #applyArrived(): Promise<void> {
    const now = performance.now()
    const report = now - this.#lastReport >= POLL_MS
    if (report) this.#lastReport = now
    const arrived = this.#consumer.take().map((fetched) => ({ fetched, job: this.#jobOf(fetched) }))
    let turn = now
    for (const { fetched, job } of arrived) {
      // it may have ended during the turns of others, or begun anew elsewhere
      if (job !== undefined && job === this.#jobOf(fetched)) this.#apply(job, fetched, report)
      fetched.release?.()
      if (performance.now() - turn < SLICE_MS) continue
      await setImmediate()
      if (this.#closed) return
      turn = performance.now()
    }
    for (const [name, job] of this.#running) {
      const { topic, partition, end, follows } = job
      if (follows) this.#followOn(job)
      if (follows || (this.#consumer.position(topic, partition) ?? 0) < end) continue
      this.#running.delete(name)
      this.#consumer.unassign([job])
      this.#report(job, true)
      this.#options.logger.info(
        `task ${job.task}: restored ${job.restored} changelog records into store "${job.store.name}" ` +
          `(offsets ${job.start} to ${job.end})`
      )
      if (job.records !== undefined && job.records.unreadable > 0)
        this.#options.logger.warn(
          `task ${job.task}: store "${job.store.name}": ${job.records.unreadable} records of ${name} cannot be read and were passed over`
        )
      job.done()
    }
  }

  /** Between two turns: all that was taken has been applied. */
  #followOn(job: Running): void {
    const { topic, partition, records, end, target } = job
    if (records === undefined) {
      if (this.#consumer.lag(topic, partition) === 0) job.caughtUpAt = this.#options.clock.now()
      return
    }
    if (this.#reached(job) < end) return
    if (target > end) {
      // what was fetched from beyond the end was not applied
      this.#consumer.assign([{ ...placeOf(job), offset: end }])
      job.fetching = true
      job.end = target
      records.end = target
      return
    }
    job.caughtUpAt = job.askedAt
    if (job.fetching) this.#consumer.unassign([job])
    job.fetching = false
  }

  /** Where the store is in its changelog. */
  #reached({ topic, partition, start, end, fetching, records }: Running): number {
    if (!fetching) return end
    const position = this.#consumer.position(topic, partition) ?? start
    return records === undefined ? position : Math.min(position, end)
  }

  #jobOf({ topic, partition }: Fetched): Running | undefined {
    return this.#running.get(partitionName(topic, partition))
  }

  #apply(job: Running, { batches }: Fetched, report: boolean): void {
    this.#cursor.open(batches)
    const { store, topicId, records, end } = job
    job.restored +=
      records === undefined
        ? store.restore(this.#cursor, { offset: batches.next, topicId })
        : store.restore(records, { offset: Math.min(batches.next, end), topicId })
    if (report && !job.follows) this.#report(job, false)
  }

  #report({ store, task, restored, start, end }: Running, done: boolean): void {
    this.#options.onProgress({ store: store.name, task, restored, total: end - start, done })
  }
}

function placeOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}

function ended(): StreamsError {
  return new StreamsError('STORE_CLOSED', 'the restore was ended')
}
