/**
 * The closed list of error codes, what happened and what to do about each. docs/errors.md is made from it; a test keeps them equal.
 *
 * - `retry`: the same call may succeed later, nothing was lost
 * - `restart-task`: drop the task's uncommitted work and make it anew from its last commit
 * - `fix-input`: the record, file or setting is wrong; it will fail again
 * - `stop`: this process must not go on
 */
export const errorActions = {
  /**
   * A setting is missing, malformed or contradicts another.
   *
   * To do: Correct the setting that the message names.
   */
  CONFIG_INVALID: 'fix-input',
  /**
   * The graph cannot run as it is declared: a name is missing or used twice, a serde is unknown, nothing is read.
   *
   * To do: Correct the declaration; the message shows the line to add.
   */
  TOPOLOGY_INVALID: 'fix-input',
  /**
   * The graph differs from its lock file in a way that the application's state does not survive: the message lists each change. Or the
   * running replicas have another graph.
   *
   * To do: Undo the change; or reset the application and write the lock file anew. With other replicas running: stop them first.
   */
  TOPOLOGY_CHANGED: 'fix-input',
  /**
   * A function given to a step, or a schema, returned a promise.
   *
   * To do: Make it synchronous; fetch what it needs beforehand, or put it into a table.
   */
  ASYNC_FUNCTION: 'fix-input',
  /**
   * A key or value is not what its topic declares. The message has topic, partition and offset.
   *
   * To do: Correct what writes the topic, or the declaration; or let `deserializationExceptionHandler` set such records aside.
   */
  DESERIALIZATION: 'fix-input',
  /**
   * A value cannot be written in its declared form, e.g. an integer beyond 2^53.
   *
   * To do: Correct the step that made the value; or let `productionExceptionHandler` pass over such records.
   */
  SERIALIZATION: 'fix-input',
  /**
   * A function of the graph, or an exception handler, threw; or a sink without a dead-letter topic refused a record. The message has topic,
   * partition and offset; the cause is the original error.
   *
   * To do: Correct the function, or the record it does not expect; or let `processingExceptionHandler` set such records aside.
   */
  PROCESSOR_FAILED: 'fix-input',
  /**
   * A record is larger than the producer may send. It was not batched; others are not affected.
   *
   * To do: Make the record smaller, or raise `maxRecordBytes` and the topic's `max.message.bytes`; or let `productionExceptionHandler` pass
   * over such records.
   */
  RECORD_TOO_LARGE: 'fix-input',
  /**
   * A topic does not exist, or was deleted while in use.
   *
   * To do: Create it, or correct its name.
   */
  TOPIC_MISSING: 'fix-input',
  /**
   * A topic has other partition counts than the graph needs, or an internal topic has settings under which records would be lost.
   *
   * To do: Repartition one side of the join; correct the setting that the message names, or recreate the internal topic.
   */
  TOPIC_MISMATCH: 'fix-input',
  /**
   * No broker answered in time.
   *
   * To do: Nothing to do if it is passing: the call is tried again. Else see to the brokers or the network.
   */
  BROKER_UNAVAILABLE: 'retry',
  /**
   * A broker refused a request for good: authorisation, an unsupported version.
   *
   * To do: Correct the permissions or the broker's version; then start again.
   */
  BROKER_REFUSED: 'stop',
  /**
   * Fetched bytes fail their checksum or are not record batches. The message has topic, partition and offset.
   *
   * To do: Stop; find out whether disk, network or writer is at fault before reading on.
   */
  BATCH_CORRUPT: 'stop',
  /**
   * A position is outside the log: records were deleted before they were read.
   *
   * To do: The task starts over from what is there; look for a retention that is too short.
   */
  OFFSET_OUT_OF_RANGE: 'restart-task',
  /**
   * A record could not be written within the delivery timeout, or its partition refused it.
   *
   * To do: The tasks are made anew from their last commit, nothing is lost.
   */
  PRODUCE_FAILED: 'restart-task',
  /**
   * Another producer has taken this one's place, or a replica was silent for so long that the others went on without it.
   *
   * To do: A replica joins again by itself, and ends with GROUP_FENCED if another process runs under its name. Else stop: the other process
   * is now the owner.
   */
  PRODUCER_FENCED: 'stop',
  /**
   * A transaction did not happen, or its outcome is not known and counts as an abort.
   *
   * To do: The transaction is aborted and the tasks are made anew from their last commit; nothing is lost or doubled.
   */
  TRANSACTION_ABORTABLE: 'restart-task',
  /**
   * The group has a new generation; this commit came too late for the old one.
   *
   * To do: The member joins again and goes on from the last commit.
   */
  GROUP_REBALANCE: 'retry',
  /**
   * Another process with the same instance id has joined the group.
   *
   * To do: Stop; run one process per state directory.
   */
  GROUP_FENCED: 'stop',
  /**
   * A group that is to be reset has members.
   *
   * To do: Stop all processes of the application; one that was killed stays a member for its session timeout.
   */
  GROUP_NOT_EMPTY: 'retry',
  /**
   * A member of the streams group asked the whole application to shut down.
   *
   * To do: Look at that member's log; start the processes again when its cause is gone.
   */
  APPLICATION_SHUTDOWN: 'stop',
  /**
   * A function of the graph did not return for `maxPollIntervalMs`. The message has the task, and the record if it is at one.
   *
   * To do: Correct the function. Its thread was ended; `uncaughtExceptionHandler` says what follows.
   */
  TASK_STUCK: 'fix-input',
  /**
   * A worker thread ended without an error of its own: it ran out of memory, or something called `process.exit`.
   *
   * To do: Nothing: another takes its place, 10 times in a row. If it comes back, look at its memory.
   */
  THREAD_DIED: 'restart-task',
  /**
   * A store is damaged, be it found at opening or at a read, or was written by another engine or in another format.
   *
   * To do: Nothing: the store is set aside as `<store>.corrupt-<n>` and rebuilt from its changelog. If it comes back, check the disk.
   */
  STORE_CORRUPT: 'restart-task',
  /**
   * Another process has the store open.
   *
   * To do: Wait for it to end, or end it.
   */
  STORE_LOCKED: 'retry',
  /**
   * A store was used after its task was closed.
   *
   * To do: The task is made anew.
   */
  STORE_CLOSED: 'restart-task',
  /**
   * The disk has no room for a store, or a quota or file-size limit is reached. What was committed is safe.
   *
   * To do: Make room, then start again.
   */
  STORE_FULL: 'stop',
  /**
   * Reading or writing a store failed for another reason than damage or a full disk; the message has the system's.
   *
   * To do: The task is made anew. If it comes back, check the disk.
   */
  STORE_FAILED: 'restart-task',
  /**
   * No store has this name, or the step is not connected to it.
   *
   * To do: Correct the name, or name the store where the processor is added.
   */
  STORE_UNKNOWN: 'fix-input',
  /**
   * One callback, for a record or punctuation, changed more of a store than may wait for a commit: more than twice the store's share of
   * `cacheMaxBytes`, when all stores of the thread together have used up the thread's. The message names the store.
   *
   * To do: Raise `cacheMaxBytes`, or change less per record.
   */
  BUFFER_OVERFLOW: 'fix-input',
  /**
   * The outside of a sink does not answer. Its partition waits; others go on.
   *
   * To do: Nothing to do if it is passing: it is tried again with growing pauses.
   */
  SINK_UNAVAILABLE: 'retry',
  /**
   * Another task has taken over the sink's partition.
   *
   * To do: The partition is opened again and read from the position that the sink holds.
   */
  SINK_FENCED: 'restart-task',
  /**
   * A file is not CSV of a known form, or a row is beyond all bounds.
   *
   * To do: Correct the file; the message shows the nearest known header and the difference.
   */
  FILE_UNREADABLE: 'fix-input',
  /**
   * The object store does not answer.
   *
   * To do: Run the ingest again; it goes on where it was.
   */
  OBJECT_STORE_UNAVAILABLE: 'retry'
} as const

export type ErrorCode = keyof typeof errorActions
export type ErrorAction = (typeof errorActions)[ErrorCode]

/** Every error this library throws on purpose. `code` is stable; the message is for people. */
export class StreamsError extends Error {
  override readonly name = 'StreamsError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }

  get action(): ErrorAction {
    return errorActions[this.code]
  }
}

/** True for a StreamsError with that code, whatever realm it came from. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof StreamsError && error.code === code
}
