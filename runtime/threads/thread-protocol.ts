import type { TopicDescription } from '../../kafka/port/admin.ts'
import type { ClientCopy } from '../../kafka/port/client.ts'
import type { RestoreProgress, StreamsConfig } from '../config.ts'
import type { ClientMetadata } from '../membership/client-metadata.ts'
import type { TaskStatus } from '../task-status.ts'
import type { ErrorCopy } from './errors.ts'
import type { MetricsCopy } from './joined-registry.ts'
import type { SharedGlobals } from './shared-globals.ts'

/** Settings as they travel; functions and connections stay behind. */
export type CopiedSettings = Omit<StreamsConfig, 'kafka' | 'logger' | 'onRestore'>

/** What a worker thread is started with. */
export interface ThreadStart {
  readonly number: number
  readonly module: string
  readonly data: unknown
  readonly settings: CopiedSettings
  /** How many threads the process is configured to run: they share its memory. */
  readonly threads: number
  /** Settings of the main thread that cannot be copied: the module must make them, too. */
  readonly functions: readonly string[]
  readonly kafka: ClientCopy | undefined
  readonly processId: string
  /** See `graphFingerprint`. */
  readonly graph: string
  readonly topics: ReadonlyMap<string, TopicDescription>
  readonly deleteRetentionMs: ReadonlyMap<string, number>
  readonly globals: SharedGlobals
  /** See `Progress`. */
  readonly progress: SharedArrayBuffer
  readonly paused: boolean
}

export type ThreadOrder =
  | { readonly order: 'stop'; readonly leave: boolean }
  | { readonly order: 'pause'; readonly paused: boolean }
  | { readonly order: 'rebuild'; readonly call: number; readonly task: string }
  | { readonly order: 'metrics'; readonly call: number }

export type ThreadNews =
  | {
      readonly news: 'status'
      readonly running: boolean
      readonly tasks: readonly TaskStatus[]
      readonly clients: readonly ClientMetadata[]
    }
  | { readonly news: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly text: string }
  | { readonly news: 'restore'; readonly progress: RestoreProgress }
  | { readonly news: 'rebuilt'; readonly call: number; readonly error: ErrorCopy | undefined }
  | { readonly news: 'metrics'; readonly call: number; readonly metrics: MetricsCopy }
  /** The last: all is closed. */
  | {
      readonly news: 'ended'
      readonly error: ErrorCopy | undefined
      /** Undefined: it ended before it had any. */
      readonly metrics: MetricsCopy | undefined
    }
