import type { Clock } from '../../core/clock.ts'
import type { UncommittedBudget } from '../buffer/callback-limit.ts'
import type { ChangelogWriter } from '../state-store.ts'

export interface StoreOptions {
  /** Where changelog records go; undefined for a store without a changelog. */
  readonly log: ChangelogWriter | undefined
  /** Bound of the write buffer. Default 16 MiB. */
  readonly bufferBytes?: number
  /** What one callback may change beyond that bound. Default: as much again. */
  readonly uncommitted?: UncommittedBudget
  /** Freeze values, so that nobody changes what the store holds. Default: unless NODE_ENV is `production`. */
  readonly freeze?: boolean
  readonly clock?: Clock
}

/** Of a store that is only read. */
export const noOptions: StoreOptions = { log: undefined }

/** For a second store over an engine, which must leave it alone: one that is not logged writes when it opens. */
export function asCommitted<D extends { readonly logged: boolean }>(definition: D): D {
  return { ...definition, logged: true }
}

export const defaultBufferBytes = 16 << 20

export function freezesByDefault(): boolean {
  return process.env['NODE_ENV'] !== 'production'
}
