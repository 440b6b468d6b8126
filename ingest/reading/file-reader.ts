import { hasCode, type Logger, StreamsError } from '../../index.ts'
import { type CountryBucket, objectKind } from '../buckets.ts'
import { type ReferenceRoute, routeOf } from '../ingest-topics.ts'
import type { ObjectStore } from '../object-store.ts'
import { isRefusal } from '../store-failure.ts'
import type { ByteBudget } from './byte-budget.ts'
import { type Asked, type FileProgress, isUnfinished, type Reading } from './file-progress.ts'
import { FileReading } from './file-reading.ts'
import { Patience } from './patience.ts'
import type { ReadingJob, ReadingPool, Rest } from './reading-pool.ts'
import type { ReadingStep } from './reading-step.ts'
import type { VersionSource } from './version-source.ts'

/** What all readers of a process share. */
export interface SharedReading {
  readonly buckets: ReadonlyMap<string, CountryBucket>
  readonly store: ObjectStore
  readonly source: VersionSource
  readonly references: readonly ReferenceRoute[]
  readonly pool: ReadingPool
  readonly budget: ByteBudget
  readonly retractsRemoved: boolean
  readonly logger: Logger
}

/** A step, and whose. */
export interface ReadItem {
  readonly file: string
  readonly step: ReadingStep
  /** The reading ends with it: another may be asked for. */
  readonly last: boolean
}

interface Job extends ReadingJob {
  readonly file: string
  asked: Asked
  /** How far it is, since it was run; undefined: it was not. */
  reading: Reading | undefined
  readonly patience: Patience
  readonly abort: AbortController
}

interface Queued extends ReadItem {
  readonly job: Job
  readonly bytes: number
}

/** What a step without rows weighs. */
const stepBytes = 2 * 1024
/** The queue may never be empty: what was taken from it is let go of now and then. */
const keptTaken = 64

/**
 * The asynchronous half of a task that reads files: it fetches, decodes and cuts chunks ahead of the task, into a queue that is bounded by
 * the process's byte budget. The task takes from the queue when it has its turn, and never waits.
 */
export class FileReader {
  readonly #shared: SharedReading
  readonly #progressOf: (file: string) => FileProgress | null
  readonly #jobs = new Map<string, Job>()
  #queue: Queued[] = []
  #taken = 0
  #failure: unknown
  #closed = false

  /** @param progressOf how far a file is, as the task has it when the reading begins */
  constructor(shared: SharedReading, progressOf: (file: string) => FileProgress | null) {
    this.#shared = shared
    this.#progressOf = progressOf
  }

  /** Nothing is to be read or taken. */
  get idle(): boolean {
    return this.#jobs.size === 0 && this.#queue.length === 0
  }

  /**
   * Reads what is unfinished of a file. If it is being read, that takes notice of what is asked for; but when the version being read is known to
   * be outdated and can be had again, to be taken back, it is not worth reading to its end.
   */
  submit({ bucket, object, asked, reading }: FileProgress, outdated = false): void {
    const file = `${bucket}/${object}`
    const running = this.#jobs.get(file)
    if (running !== undefined) {
      running.asked = asked
      const { part } = reading
      const halfRead = part !== null && !part.complete && part.taken === null
      if (!outdated || !halfRead || !this.#shared.source.isKept(part.version)) return
      this.#drop(running)
    }
    const job: Job = {
      file,
      bucket,
      reference: objectKind(object).kind === 'reference',
      asked,
      reading: undefined,
      patience: new Patience(file, this.#shared.logger),
      abort: new AbortController(),
      run: () => this.#run(job),
      passedOver: () =>
        this.#shared.logger.warn(`${file}: it is not to be had; sales of ${bucket} are read without it`)
    }
    this.#jobs.set(file, job)
    this.#shared.pool.add(job)
  }

  /** The next step, in each file's order. Throws what a reading failed with. */
  take(): ReadItem | undefined {
    if (this.#failure !== undefined) throw this.#failure
    for (;;) {
      const item = this.#queue[this.#taken++]
      if (item === undefined || this.#taken > keptTaken) {
        this.#queue = this.#queue.slice(this.#taken)
        this.#taken = 0
      }
      if (item === undefined) return undefined
      this.#shared.budget.give(item.bytes)
      if (this.#jobs.get(item.file) !== item.job) continue
      if (item.last) this.#jobs.delete(item.file)
      return item
    }
  }

  /** Gives up all readings; nothing more can be taken. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const job of this.#jobs.values()) this.#drop(job)
    this.#jobs.clear()
    for (const { bytes } of this.#queue.slice(this.#taken)) this.#shared.budget.give(bytes)
    this.#queue = []
    this.#taken = 0
  }

  #drop(job: Job): void {
    job.abort.abort()
    this.#shared.pool.remove(job)
    this.#jobs.delete(job.file)
  }

  async #run(job: Job): Promise<Rest | undefined> {
    const { signal } = job.abort
    let progressed = false
    try {
      if (signal.aborted) return undefined
      await this.#read(job, () => {
        progressed = true
        job.patience.reset()
      })
    } catch (error) {
      if (signal.aborted) return undefined
      if (hasCode(error, 'OBJECT_STORE_UNAVAILABLE')) {
        const failure = error as StreamsError
        return { ms: job.patience.pauseMs(failure), refused: isRefusal(failure), progressed }
      }
      this.#failure ??= error
    }
    return undefined
  }

  async #read(job: Job, onProgress: () => void): Promise<void> {
    const { buckets, store, source, references, retractsRemoved } = this.#shared
    const progress = this.#progressOf(job.file)
    const bucket = buckets.get(job.bucket)
    if (progress === null || bucket === undefined)
      throw new StreamsError('PROCESSOR_FAILED', `${job.file} is to be read, but nothing is known of it`)
    const { signal } = job.abort
    const { object } = progress
    const from = job.reading ?? progress.reading
    const asked = () => job.asked
    const reference = routeOf(references, object)?.file
    const parts = { bucket, object, asked, store, source, reference, retractsRemoved, signal }
    const reading = new FileReading(parts, from)
    // one behind: the last one is to be marked
    let held: ReadingStep | undefined
    try {
      if (job.reading !== undefined || isUnfinished({ ...progress, asked: job.asked }))
        for await (const step of reading.steps()) {
          if (held !== undefined) await this.#put(job, held, false)
          held = step
          if (step.chunk !== undefined) onProgress()
        }
    } catch (error) {
      if (!hasCode(error, 'OBJECT_STORE_UNAVAILABLE') || signal.aborted) throw error
      // what was read is not kept waiting, nor in memory, while the rest is not to be had
      if (held !== undefined) await this.#put(job, held, false)
      job.reading = reading.reading
      throw error
    }
    await this.#put(job, held ?? { reading: from }, true)
  }

  async #put(job: Job, step: ReadingStep, last: boolean): Promise<void> {
    const bytes = stepBytes + (step.chunk?.content.length ?? 0)
    await this.#shared.budget.take(bytes, job.bucket, job.abort.signal)
    if (job.abort.signal.aborted) return this.#shared.budget.give(bytes)
    this.#queue.push({ job, file: job.file, step, last, bytes })
  }
}
