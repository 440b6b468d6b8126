import type { Headers } from '../core/record.ts'
import type { StateStore } from '../state/state-store.ts'

/** Takes one record and does its part at once. Values first, keys second, as everywhere in the functions users write. */
export type Forward<K, V> = (value: V, key: K, timestamp: number, headers: Headers) => void

/** Takes one change of a table: the value after it and the value before it; null is absent. */
export type ForwardChange<K, V> = (
  newValue: V | null,
  oldValue: V | null,
  key: K,
  timestamp: number,
  headers: Headers
) => void

/** Why a record had no effect; counted by reason. */
export type DropReason = 'null-key' | 'null-value' | 'late' | 'out-of-order'

/** What an operator may ask of the task it runs in. */
export interface OperatorContext {
  /** The task's store of that name. Throws STORE_UNKNOWN. */
  store(name: string): StateStore
  /** Highest event time the task has seen, ms; -1 before the first record. */
  streamTime(): number
  dropped(reason: DropReason): void
  /** Calls back when event or wall time has moved by `intervalMs`. Returns how to stop it. */
  schedule(intervalMs: number, time: PunctuationTime, callback: (timestamp: number) => void): () => void
  /** Where the record being processed came from. */
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export type PunctuationTime = 'stream' | 'wall-clock'

/** Composes one step onto what comes after it. Called once, when the task is made; what it returns runs per record. */
export type Operator<KIn, VIn, KOut, VOut> = (
  downstream: Forward<KOut, VOut>,
  context: OperatorContext
) => Forward<KIn, VIn>

/** A step from a stream to a table. */
export type StreamToTable<KIn, VIn, KOut, VOut> = (
  downstream: ForwardChange<KOut, VOut>,
  context: OperatorContext
) => Forward<KIn, VIn>

/** A step from a table to a stream. */
export type TableToStream<KIn, VIn, KOut, VOut> = (
  downstream: Forward<KOut, VOut>,
  context: OperatorContext
) => ForwardChange<KIn, VIn>
