import type { Engine } from '../engine.ts'
import { dataFrom } from '../metadata.ts'
import { segmentBound, segmentInterval } from './timed-layout.ts'

/** Rows looked at in one call, where an engine deletes row by row. */
const sliceRows = 1000

/**
 * Drops the segments of which everything has expired. Where the engine drops a range at once that is all; else a slice goes at each
 * commit, and more when `maintain` is called.
 */
export class SegmentExpiry {
  readonly segmentMs: number
  readonly #engine: Engine
  readonly #retentionMs: number
  /** Segments below are dropped, or on their way. */
  #firstSegment = 0
  #unfinished = false

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

  /** To be called after a commit, with the stream time it has written. */
  advance(streamTime: number): void {
    const live = this.liveFrom(streamTime)
    if (live > this.#firstSegment) {
      this.#firstSegment = live
      if (this.#engine.dropsRanges) this.#engine.deleteRangeSync(dataFrom, segmentBound(live))
      else this.#unfinished = true
    }
    if (this.#unfinished) this.#slice()
  }

  /** Whether there is more to do. */
  maintain(budgetMs: number): boolean {
    const end = performance.now() + budgetMs
    while (this.#unfinished && performance.now() < end) this.#slice()
    return this.#unfinished
  }

  /** To be called when the store was emptied. */
  reset(): void {
    this.#firstSegment = 0
    this.#unfinished = false
  }

  #slice(): void {
    const rows = this.#engine.scanSync(dataFrom, segmentBound(this.#firstSegment), false, sliceRows)
    if (rows.length > 0) this.#engine.writeBatchSync(rows.map(({ key }) => ({ key, value: null })))
    this.#unfinished = rows.length === sliceRows
  }
}
