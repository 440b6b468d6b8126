import type { StateStore } from '../../state/state-store.ts'

/** A store to bring up to its changelog's end. */
export interface RestoreJob {
  readonly task: string
  readonly store: StateStore
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  /** The changelog's `delete.retention.ms`: how long it keeps tombstones. */
  readonly deleteRetentionMs: number
}
