import type { Topology } from '../../topology/topology.ts'
import type { StreamsConfig } from '../config.ts'

/** Called once in each worker thread. */
export type StreamThreadFactory<D = undefined> = (data: D) => StreamThreadSetup

/** What a worker thread makes for itself. All other settings are those of the main thread. */
export interface StreamThreadSetup {
  /** The same graph as the main thread's. Another one ends the thread: TOPOLOGY_CHANGED. */
  readonly topology: Topology
  /**
   * Settings that are functions or connections, and so cannot be copied: needed where the main thread has them. `kafka` only for a client
   * that cannot be made again from its options, such as one with a function for its credentials or with metrics. Without `clock` it is the
   * system's, and without `onCommitPoint` nobody is told.
   */
  readonly config?: Partial<Pick<StreamsConfig, ThreadSetting>>
}

/** Settings that a thread module can make. */
export type ThreadSetting =
  | 'kafka'
  | 'deserializationExceptionHandler'
  | 'processingExceptionHandler'
  | 'productionExceptionHandler'
  | 'tracer'
  | 'clock'
  | 'onCommitPoint'
