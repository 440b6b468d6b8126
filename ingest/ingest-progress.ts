/** How far the ingest is with the files that are in the buckets; those that earlier runs have read count as read. */
export interface IngestProgress {
  readonly files: number
  readonly filesTotal: number
  /** As the objects have them: compressed, if they are. */
  readonly bytes: number
  readonly bytesTotal: number
  readonly rows: number
}

/** What a run has done. */
export interface IngestResult {
  readonly done: number
  readonly rejected: number
  /** Read by an earlier run, and unchanged since. */
  readonly skipped: number
  /** Data rows that this run has published. */
  readonly rows: number
  /** True when it was told to stop before all files were read. */
  readonly stopped: boolean
}

/** Counts, and tells after each step. */
export class ProgressCounter {
  readonly #tell: (progress: IngestProgress) => void
  #progress: IngestProgress = { files: 0, filesTotal: 0, bytes: 0, bytesTotal: 0, rows: 0 }

  constructor(tell: (progress: IngestProgress) => void) {
    this.#tell = tell
  }

  add(step: Partial<IngestProgress>): void {
    const now = this.#progress
    this.#progress = {
      files: now.files + (step.files ?? 0),
      filesTotal: now.filesTotal + (step.filesTotal ?? 0),
      bytes: now.bytes + (step.bytes ?? 0),
      bytesTotal: now.bytesTotal + (step.bytesTotal ?? 0),
      rows: now.rows + (step.rows ?? 0)
    }
    this.#tell(this.#progress)
  }
}
