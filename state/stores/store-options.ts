import type { Clock } from '../../core/clock.ts'
import type { ChangelogWriter } from '../state-store.ts'

export interface StoreOptions {
  /** Where changelog records go; undefined for a store without a changelog. */
  readonly log: ChangelogWriter | undefined
  /** Bound of the write buffer. Default 16 MiB. */
  readonly bufferBytes?: number
  /** Freeze values, so that nobody changes what the store holds. Default: unless NODE_ENV is `production`. */
  readonly freeze?: boolean
  readonly clock?: Clock
}

export const defaultBufferBytes = 16 << 20

export function freezesByDefault(): boolean {
  return process.env['NODE_ENV'] !== 'production'
}
