import type { StateStore } from '../../state/state-store.ts'
import type { TaskRole } from '../task-status.ts'

/** The part of a store that one task has in this process, or a global table's whole store. */
export interface LocalStore {
  /** `<sub-topology>_<partition>`; `global` for a global table. */
  readonly task: string
  readonly role: TaskRole | 'global'
  /**
   * Of an active task: it is restored and processes, and its process has its place in the group. Of a global table: it holds what its topic held
   * when it was opened. Copies can be read whenever their lag is known.
   */
  readonly running: boolean
  /** Of a copy: changelog records that it lacks; undefined until that is known, and while its process has no place in the group. */
  readonly lag: number | undefined
  readonly store: StateStore
}
