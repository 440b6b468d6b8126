import type { RecordCursor } from '../kafka/batch/record-cursor.ts'

/** Where a store's committed content stands in its changelog. Written in the same batch as the content. */
export interface Checkpoint {
  /** The next changelog offset to restore; of a store without a changelog, the sum of its task's input positions. */
  readonly offset: number
  /** The changelog's topic id; another one means that the topic was made anew. Empty: there is no changelog. */
  readonly topicId: string
  /** Of a global store, which is filled from all partitions of a topic: the next offset of each. `offset` is their sum then. */
  readonly partitionOffsets?: readonly number[]
}

/** Walks changelog records, as `RecordCursor` does. */
export type ChangelogCursor = Pick<
  RecordCursor,
  'next' | 'buffer' | 'keyStart' | 'keyEnd' | 'valueStart' | 'valueEnd' | 'timestamp' | 'offset'
>

/**
 * Where a store sends its changelog records: what is in their buffers from `keyStart` and `valueStart` on. The buffers are the store's for good:
 * they are not written to again.
 */
export type ChangelogWriter = (
  key: Buffer,
  keyStart: number,
  value: Buffer | null,
  valueStart: number,
  timestamp: number
) => void

/** A latest value and the event time, in ms, of the record it came from. Immutable once in a store. */
export interface ValueAndTimestamp<V> {
  readonly value: V
  readonly timestamp: number
}

/**
 * What the runtime does with a store of any kind. Uncommitted changes live in the write buffer alone; the engine changes in
 * `commit` only, in one atomic batch with the checkpoint, so a store never needs a wipe after a crash.
 */
export interface StateStore {
  readonly name: string
  readonly persistent: boolean
  /** The checkpoint on disk; undefined for a new store. */
  readonly checkpoint: Checkpoint | undefined
  /** Wall clock of the last batch, ms; -1 for a new store. Older than its changelog's `delete.retention.ms`: rebuild it. */
  readonly committedAt: number
  /** Bytes of the buffered entries, clean and dirty, by their last serialised size and a fixed part for the objects around it. */
  readonly bufferedBytes: number
  /** True when the uncommitted entries alone have reached the buffer's bound: the task should commit before its next callback. */
  readonly commitWanted: boolean
  /** Told at each put after which a commit is wanted, so that nobody has to ask after every record. One listener; `detach` forgets it. */
  onFull(listener: () => void): void
  /**
   * Before the first flush of a commit, to every store of the task. Until it is done or aborted puts are not refused for the buffer's bound:
   * what other stores forward when they are flushed cannot be put off, and refused it would come again after each restart.
   */
  beginCommit(): void
  /**
   * Logs and forwards what changed since the last flush, each entry once, in the order of their last changes. Returns whether there was
   * anything; forwarding can make other stores of the task dirty, so the runtime flushes until none is.
   */
  flush(): boolean
  /**
   * Before the positions of the inputs, which what was flushed goes with, are committed. Should `commit` not follow, a store that is not logged
   * lacks what they stand for: closed then, it is emptied at its next opening.
   */
  expectCommit(): void
  /**
   * After the records of `flush` are safe in Kafka: what was flushed and the checkpoint in one batch. Undefined leaves the last
   * checkpoint. Entries that became dirty since the flush stay so. What has expired by the stream time committed is left to `maintain`.
   */
  commit(checkpoint: Checkpoint | undefined): void
  /** Forgets all buffered entries: the store is again what its last commit left. */
  abort(): void
  /** Forgets whoever was told of changes or of a full buffer: the task that used the store is over. */
  detach(): void
  /**
   * Applies the changelog records that the cursor still holds, then moves the checkpoint, in one batch. Returns how many. Passes the buffer
   * by and forgets what is in it, uncommitted changes too: a store is restored before its task runs, or is a standby.
   */
  restore(cursor: ChangelogCursor, checkpoint: Checkpoint): number
  /**
   * The store as its last commit left it: reads of it never see what is uncommitted. For a few reads at once, and never to be written to or
   * closed; it does not see later commits whole.
   */
  committed(): StateStore
  /** Whether `maintain` has something to do. */
  readonly maintenanceDue: boolean
  /**
   * Goes on with work that was put off, such as dropping what has expired: at once where the engine drops ranges, else in slices of rows, one
   * slice at least and for about `budgetMs`. Returns whether there is more.
   */
  maintain(budgetMs: number): boolean
  /** Empties the store and its checkpoint. It is as one just opened then: a task that listened to its changes hears no more of it. */
  wipe(): void
  /** Closes the engine. Uncommitted changes are dropped. */
  close(): Promise<void>
}
