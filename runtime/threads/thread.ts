import type { ClientMetadata } from '../membership/client-metadata.ts'
import type { TaskStatus } from '../task-status.ts'

/** A stream thread as the application sees it, wherever it runs. */
export interface Thread {
  /** From 1 on. A thread that takes another's place has its number, and with it its place in the group. */
  readonly number: number
  /** All its active tasks are restored and run, and its place in the group is its own. */
  readonly running: boolean
  /** The tasks it has a part in, in whatever role. */
  status(): readonly TaskStatus[]
  /** Who has what in the whole application, as it was told last; also when it has ended. */
  clients(): readonly ClientMetadata[]
  /** Runs until `stop`, and has let go of everything when it ends. Rejects with what ended it. Called once. */
  run(): Promise<void>
  /** Lets it commit, close its tasks and end. With `leave` it gives up its place in the group at once. */
  stop(options: { readonly leave: boolean }): void
  /** Ends it at once, in the middle of whatever it does: what is not committed is dropped. Its `run` ends soon after. */
  kill(): void
  /** While paused it processes and punctuates nothing, but stays a member and goes on to restore (KIP-834). */
  pause(paused: boolean): void
  /** See `KafkaStreams.rebuildTask`. Throws STORE_UNKNOWN. */
  rebuild(taskId: string): Promise<void>
}
