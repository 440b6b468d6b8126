import type { StateStore } from '../../state/state-store.ts'

/** The process's global tables, as a thread's tasks read them. */
export interface GlobalStores {
  /** Those that are open, by name. */
  readonly stores: ReadonlyMap<string, StateStore>
  /** Resolves when they can be read; early once `cancelled` says so. */
  ready(cancelled: () => boolean): Promise<void>
  /** Called between two slices. Throws what keeping them current failed with. */
  check(): void
}
