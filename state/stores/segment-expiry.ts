import type { Engine } from '../engine.ts'
import { dataFrom } from '../metadata.ts'
import { segmentBound, segmentInterval } from './timed-layout.ts'

/** Rows looked at in one call, where an engine deletes row by row. */
const sliceRows = 1000

/**
 * Drops the segments of which everything has expired: at once where the engine drops ranges, else in slices of rows.
 */
export class SegmentExpiry {
  readonly segmentMs: number
  readonly #engine: Engine
  readonly #retentionMs: number
  /** Segments below are dropped, or due to be. */
  #firstSegment = 0
  #due = false

  constructor(engine: Engine, retentionMs: number) {
    this.#engine = engine
    this.#retentionMs = retentionMs
    this.segmentMs = segmentInterval(retentionMs)
  }

  segmentOf(time: number): number {
    return Math.floor(time / this.segmentMs)
  }

  /** The lowest segment that is kept. */
  liveFrom(streamTime: number): number {
    return this.segmentOf(Math.max(0, streamTime - this.#retentionMs))
  }

  /** Whether there is something to drop. */
  get due(): boolean {
    return this.#due
  }

  /** To be called after a commit, with the stream time it has written. Drops nothing yet. */
  advance(streamTime: number): void {
    const live = this.liveFrom(streamTime)
    if (live <= this.#firstSegment) return
    this.#firstSegment = live
    this.#due = true
  }

  /** One slice at least. Returns whether there is more to do. */
  maintain(budgetMs: number): boolean {
    if (!this.#due) return false
    const end = performance.now() + budgetMs
    do this.#drop()
    while (this.#due && performance.now() < end)
    return this.#due
  }

  /** To be called when the store was emptied. */
  reset(): void {
    this.#firstSegment = 0
    this.#due = false
  }

  #drop(): void {
    const bound = segmentBound(this.#firstSegment)
    if (this.#engine.dropsRanges) {
      this.#engine.deleteRangeSync(dataFrom, bound)
      this.#due = false
      return
    }
    const rows = this.#engine.scanSync(dataFrom, bound, false, sliceRows)
    if (rows.length > 0) this.#engine.writeBatchSync(rows.map(({ key }) => ({ key, value: null })))
    this.#due = rows.length === sliceRows
  }
}
