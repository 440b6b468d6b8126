/** The reading of one file. */
export interface ReadingJob {
  readonly bucket: string
  /** Reference data: what sales are joined with. */
  readonly reference: boolean
  /** Never rejects. */
  run(): Promise<void>
}

interface BucketLine {
  readonly references: Set<ReadingJob>
  readonly sales: Set<ReadingJob>
  runningReferences: number
}

/**
 * Runs as many readings at once as it may. Buckets take turns, and a bucket's sales files do not begin while reference files of it are
 * waiting or being read.
 */
export class ReadingPool {
  readonly #atOnce: number
  /** The bucket whose turn is next comes first. */
  readonly #lines = new Map<string, BucketLine>()
  #running = 0

  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  add(job: ReadingJob): void {
    let line = this.#lines.get(job.bucket)
    if (line === undefined) {
      line = { references: new Set(), sales: new Set(), runningReferences: 0 }
      this.#lines.set(job.bucket, line)
    }
    line[job.reference ? 'references' : 'sales'].add(job)
    this.#fill()
  }

  /** Takes a job out that has not begun. */
  remove(job: ReadingJob): void {
    this.#lines.get(job.bucket)?.[job.reference ? 'references' : 'sales'].delete(job)
    this.#fill()
  }

  #fill(): void {
    while (this.#running < this.#atOnce) {
      const job = this.#next()
      if (job === undefined) return
      void this.#run(job)
    }
  }

  #next(): ReadingJob | undefined {
    for (const [bucket, line] of this.#lines) {
      const { references, sales, runningReferences } = line
      const from = references.size > 0 ? references : runningReferences > 0 ? undefined : sales
      const [job] = from ?? []
      if (from === undefined || job === undefined) continue
      from.delete(job)
      this.#lines.delete(bucket)
      this.#lines.set(bucket, line)
      return job
    }
    return undefined
  }

  async #run(job: ReadingJob): Promise<void> {
    const line = this.#lines.get(job.bucket) as BucketLine
    this.#running++
    if (job.reference) line.runningReferences++
    await job.run()
    this.#running--
    if (job.reference) line.runningReferences--
    if (
      line.references.size + line.sales.size === 0 &&
      this.#lines.get(job.bucket) === line &&
      line.runningReferences === 0
    )
      this.#lines.delete(job.bucket)
    this.#fill()
  }
}
