import type { ClientMetadata } from '../../runtime/membership/client-metadata.ts'
import type { TaskRole } from '../../runtime/task-status.ts'

/*
 * What `/live/data` answers. Counters are those of `/metrics`: they begin at 0 when a process does. Whoever shows them makes rates of them.
 */

export interface LiveTask {
  /** `<sub-topology>_<partition>` */
  readonly task: string
  readonly role: TaskRole
  readonly running: boolean
  /** Active: records still to process; a copy: changelog records that it lacks; null until it is known. */
  readonly lag: number | null
  /** Active: age of the record that is next, s; 0 when there is none. */
  readonly lagSeconds: number | null
  /** Records that went through the graph. */
  readonly processed: number
}

export interface LiveStore {
  readonly store: string
  readonly task: string
  /** Changelog records applied in restores. */
  readonly restored: number
  /** Changelog offsets that a restore has still to go through. */
  readonly remaining: number
  /** Files of sorted entries on disk; null for a store in memory. */
  readonly bytes: number | null
}

/** Records that reached a step, over all tasks of its sub-topology in this process. */
export interface LiveStep {
  readonly subTopology: number
  /** As `topology.describe()` names it. */
  readonly node: string
  readonly records: number
}

export interface LiveApplication {
  readonly application: string
  readonly state: string
  readonly tasks: readonly LiveTask[]
  readonly stores: readonly LiveStore[]
  readonly steps: readonly LiveStep[]
  readonly deadLetterTopic: string
  /** By the kind of error; those at 0 are left out. */
  readonly deadLetters: Readonly<Record<string, number>>
  /** By reason; those at 0 are left out. */
  readonly dropped: Readonly<Record<string, number>>
  /** By error code; those at 0 are left out. */
  readonly failures: Readonly<Record<string, number>>
  /** Who has what in the whole application, by the group's last assignment. */
  readonly clients: readonly ClientMetadata[]
}

export interface LiveSink {
  readonly sink: string
  readonly written: number
  readonly deadLetters: number
  readonly lag: number
  readonly up: boolean
}

/** A process that answered. */
export interface LiveProcess {
  /** Its `applicationServer`; null if it has none. */
  readonly endpoint: string | null
  /** Its clock when it answered, ms. */
  readonly at: number
  /** Changes when its graphs do. */
  readonly graph: string
  readonly applications: readonly LiveApplication[]
  readonly sinks: readonly LiveSink[]
}

export interface LiveSnapshot {
  /** The process that was asked, and those of its applications' other replicas that answered. */
  readonly processes: readonly LiveProcess[]
  /** Replicas that did not answer in time. */
  readonly silent: readonly string[]
}
