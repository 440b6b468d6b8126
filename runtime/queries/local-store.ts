import type { StateStore } from '../../state/state-store.ts'
import type { TaskRole } from '../task-status.ts'

/** The part of a store that one task has in this process, or a global table's whole store. */
export interface LocalStore {
  /** `<sub-topology>_<partition>`; `global` for a global table. */
  readonly task: string
  readonly role: TaskRole | 'global'
  /** Of an active task: it is restored and processes, and its process has its place in the group. Copies and global tables can be read whenever they are open. */
  readonly running: boolean
  /** Of a copy: changelog records that it lacks; undefined until that is known. */
  readonly lag: number | undefined
  readonly store: StateStore
}
