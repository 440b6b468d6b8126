import type { StateStore } from '../../state/state-store.ts'
import type { SourceSerdes } from './source-record.ts'

/** How a source topic is read, and where its task goes on in it. */
export interface SourcePosition extends SourceSerdes {
  readonly position: number
}

/** A store to bring up to its changelog's end, or to where its task is in it. */
export interface RestoreJob {
  readonly task: string
  readonly store: StateStore
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  /** The changelog's `delete.retention.ms`: how long it keeps tombstones. */
  readonly deleteRetentionMs: number
  /** Of a changelog that is the source topic of the store's table; see `SourceChangelog`. */
  readonly source?: SourcePosition | undefined
}
