import type { RowChunk } from '../csv/row-splitter.ts'
import type { StandingRows } from '../references/standing-rows.ts'
import type { Part, Reading } from './file-progress.ts'

/** One step in the reading of a file: how far it is after it, and the rows that go with it. */
export interface ReadingStep {
  readonly reading: Reading
  readonly chunk?: ReadChunk
}

/** Rows that are added, or taken back. */
export interface ReadChunk extends RowChunk {
  readonly part: Part
  readonly sign: 1 | -1
  /** Of a reference file: what counts when it is read. */
  readonly standing: StandingRows | null
}
