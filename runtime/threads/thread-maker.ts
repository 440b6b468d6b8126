import type { Topology } from '../../topology/topology.ts'
import type { ResolvedConfig } from '../config.ts'
import type { PreparedTopics } from '../prepare-topics.ts'
import type { GlobalTables } from '../restore/global-tables.ts'
import type { Thread } from './thread.ts'

/** What all threads of an application have in common. */
export interface ThreadMakerParts {
  readonly config: ResolvedConfig
  readonly topology: Topology
  readonly prepared: PreparedTopics
  readonly processId: string
  readonly globals: GlobalTables
}

/** Makes an application's threads, where they are to run. */
export interface ThreadMaker {
  /** To be awaited before the first is made; returns early once `cancelled` says so. */
  open(cancelled: () => boolean): Promise<void>
  make(number: number): Thread
  /** After the last has ended. */
  close(): Promise<void>
}
