import type { Serde } from '../../core/serde.ts'
import type { Engine } from '../engine.ts'
import type { ChangelogWriter } from '../state-store.ts'
import type { UncommittedBudget } from './callback-limit.ts'
import type { BufferEntry, BufferIndex } from './entry.ts'

/** What a write buffer is told by its store. */
export interface WriteBufferOptions<K, V> {
  /** The store's name. */
  readonly store: string
  readonly engine: Engine
  readonly value: Serde<V>
  readonly index: BufferIndex<K, V>
  /** The entry's key in the engine, in a buffer of its own. */
  readonly engineKey: (entry: BufferEntry<K, V>) => Buffer
  /** Where, within the engine's key, the changelog's begins. */
  readonly changelogKeyAt: number
  /** The entry's place in the order of scans. */
  readonly positionOf: (entry: BufferEntry<K, V>) => string
  readonly cached: boolean
  /** Whether the store, as it was flushed so far, would not show the entry any more for its age. */
  readonly isExpired?: (entry: BufferEntry<K, V>) => boolean
  /** Called for each change as it leaves the buffer, before it is logged. */
  readonly onFlush?: (entry: BufferEntry<K, V>) => void
  readonly bufferBytes: number
  readonly uncommitted: UncommittedBudget | undefined
  readonly log: ChangelogWriter | undefined
  readonly freeze: boolean
}
