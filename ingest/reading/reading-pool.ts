/** What a job does that cannot go on now. */
export interface Rest {
  readonly ms: number
  /** The store refuses what it is asked for, and is not away. */
  readonly refused: boolean
  /** Something worked since it rested last. */
  readonly progressed: boolean
}

/** The reading of one file. */
export interface ReadingJob {
  readonly bucket: string
  /** Reference data: what sales are joined with. */
  readonly reference: boolean
  /** Never rejects. Resolves with the rest it must have before it is run again; undefined: it has ended. */
  run(): Promise<Rest | undefined>
  /** Sales do not wait for it any longer. */
  passedOver?(): void
}

interface Awaited {
  /** When it was first refused without progress since. */
  refusedSinceMs: number | undefined
  /** Runs out while it rests. */
  patience: NodeJS.Timeout | undefined
}

interface BucketLine {
  readonly references: Set<ReadingJob>
  readonly sales: Set<ReadingJob>
  /** Those that have rested. They take turns with `sales`, so that neither has to wait for however many of the other. */
  readonly rested: Set<ReadingJob>
  readonly resting: Map<ReadingJob, NodeJS.Timeout>
  /** References that sales wait for. */
  readonly awaited: Map<ReadingJob, Awaited>
  restedNext: boolean
  running: number
  /** Without a success between them. */
  failures: number
  /** Until then nothing of the bucket begins. */
  closedUntilMs: number
}

export interface ReadingPoolOptions {
  /** How long a bucket's sales wait for a reference file that is refused, ms. Default 60,000. */
  readonly referenceWaitMs?: number
}

/*
 * When all that a bucket is asked for fails, because it is away or has shut us out, then neither it nor the log is to have each of its files at full
 * speed.
 */
const closedMsPerFailure = 10
const longestClosedMs = 250

/**
 * Runs as many readings at once as it may. Buckets take turns, and a bucket's sales files do not begin while reference files of it are
 * waiting or being read. A reading that must rest gives its place to others meanwhile. After a while sales do not wait for one that is refused either,
 * or one file that is not to be had would hold all up; while the store is away they do.
 */
export class ReadingPool {
  readonly #atOnce: number
  readonly #referenceWaitMs: number
  /** The bucket whose turn is next comes first. */
  readonly #lines = new Map<string, BucketLine>()
  #running = 0

  constructor(atOnce: number, { referenceWaitMs = 60_000 }: ReadingPoolOptions = {}) {
    this.#atOnce = atOnce
    this.#referenceWaitMs = referenceWaitMs
  }

  add(job: ReadingJob): void {
    const line = this.#lines.get(job.bucket) ?? newLine()
    this.#lines.set(job.bucket, line)
    line[job.reference ? 'references' : 'sales'].add(job)
    if (job.reference) line.awaited.set(job, { refusedSinceMs: undefined, patience: undefined })
    this.#fill()
  }

  /** Takes a job out that is not being run. */
  remove(job: ReadingJob): void {
    const line = this.#lines.get(job.bucket)
    if (line === undefined) return
    const waited = [line.references, line.sales, line.rested].some((set) => set.delete(job))
    clearTimeout(line.resting.get(job))
    if (line.resting.delete(job) || waited) this.#ended(job, line)
  }

  #fill(): void {
    while (this.#running < this.#atOnce) {
      const job = this.#next()
      if (job === undefined) return
      void this.#run(job)
    }
  }

  #next(): ReadingJob | undefined {
    const now = performance.now()
    for (const [bucket, line] of this.#lines) {
      if (now < line.closedUntilMs) continue
      const from = lineUp(line)
      const [job] = from
      if (job === undefined) continue
      from.delete(job)
      line.restedNext = from === line.sales
      this.#lines.delete(bucket)
      this.#lines.set(bucket, line)
      return job
    }
    return undefined
  }

  async #run(job: ReadingJob): Promise<void> {
    const line = this.#lines.get(job.bucket) as BucketLine
    clearTimeout(line.awaited.get(job)?.patience)
    this.#running++
    line.running++
    const rest = await job.run()
    this.#running--
    line.running--
    if (rest === undefined || rest.progressed) line.failures = 0
    if (rest === undefined) this.#ended(job, line)
    else this.#rest(job, line, rest)
  }

  #rest(job: ReadingJob, line: BucketLine, { ms, refused, progressed }: Rest): void {
    const now = performance.now()
    const closedMs = Math.min(++line.failures * closedMsPerFailure, longestClosedMs)
    line.closedUntilMs = now + closedMs
    // timers may be a little early
    setTimeout(() => this.#fill(), closedMs + 1)
    line.resting.set(
      job,
      setTimeout(() => this.#rested(job, line), ms)
    )
    const awaited = line.awaited.get(job)
    if (awaited !== undefined) {
      if (progressed || !refused) awaited.refusedSinceMs = undefined
      if (refused) {
        awaited.refusedSinceMs ??= now
        const waitMs = awaited.refusedSinceMs + this.#referenceWaitMs - now
        awaited.patience = setTimeout(() => this.#passOver(job, line), Math.max(0, waitMs))
      }
    }
    this.#fill()
  }

  #rested(job: ReadingJob, line: BucketLine): void {
    line.resting.delete(job)
    line[line.awaited.has(job) ? 'references' : 'rested'].add(job)
    this.#fill()
  }

  #passOver(job: ReadingJob, line: BucketLine): void {
    line.awaited.delete(job)
    if (line.references.delete(job)) line.rested.add(job)
    job.passedOver?.()
    this.#fill()
  }

  #ended(job: ReadingJob, line: BucketLine): void {
    clearTimeout(line.awaited.get(job)?.patience)
    line.awaited.delete(job)
    const { references, sales, rested, resting, running } = line
    if (references.size + sales.size + rested.size + resting.size + running === 0)
      this.#lines.delete(job.bucket)
    this.#fill()
  }
}

function newLine(): BucketLine {
  return {
    references: new Set(),
    sales: new Set(),
    rested: new Set(),
    resting: new Map(),
    awaited: new Map(),
    restedNext: false,
    running: 0,
    failures: 0,
    closedUntilMs: 0
  }
}

/** The jobs of which the first is next. */
function lineUp({ references, sales, rested, awaited, restedNext }: BucketLine): Set<ReadingJob> {
  if (references.size > 0 || awaited.size > 0) return references
  const [first, second] = restedNext ? [rested, sales] : [sales, rested]
  return first.size > 0 ? first : second
}
