import type { StoreLines } from './replicas-feeder.ts'

export interface ReplicaSettings {
  readonly brokers: string
  readonly prefix: string
  readonly partitions: number
  readonly protocol: 'classic' | 'streams'
  readonly sessionTimeoutMs: number
  readonly standbys: number
  readonly stateDirectory: string
  /** Answers queries there, on the loopback. */
  readonly httpPort?: number
}

/** From the driver. SIGTERM asks for an orderly end that keeps the place in the group. */
export type ReplicaOrder =
  | { readonly order: 'dump' }
  /** An orderly end of a replica that does not come back */
  | { readonly order: 'leave' }

/** From a replica. */
export type ReplicaNotice =
  /** Several times a second; `records` (to be processed by the whole application) is -1 where that is not known. */
  | {
      readonly notice: 'status'
      readonly active: number
      /** Active tasks that process */
      readonly running: readonly string[]
      readonly copies: number
      readonly records: number
    }
  /** A store was brought up to its changelog's end: before its task processes */
  | { readonly notice: 'restored'; readonly task: string; readonly records: number }
  /** A warning or an error of its log */
  | { readonly notice: 'warned'; readonly text: string }
  | { readonly notice: 'dumped'; readonly stores: StoreLines }
