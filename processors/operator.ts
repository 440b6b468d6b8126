import type { Headers } from '../core/record.ts'
import type { StateStore } from '../state/state-store.ts'

/** Takes one record and does its part at once. Values first, keys second, as everywhere in the functions users write. */
export type Forward<K, V> = (value: V, key: K, timestamp: number, headers: Headers) => void

/**
 * Takes one change of a table: the value after it and the value before it; null is absent. The value before is only there where a step
 * after asked for it (see `OldValues`). `latest` is false for a change of a versioned table's past.
 */
export type ForwardChange<K, V> = (
  newValue: V | null,
  oldValue: V | null,
  key: K,
  timestamp: number,
  headers: Headers,
  latest: boolean
) => void

/** Whether a table must tell the values before its changes. Steps that need them ask for it while the graph is declared. */
export interface OldValues {
  wanted: boolean
}

/** Why a record had no effect; counted by reason. */
export const dropReasons = [
  'null-key',
  'null-value',
  'late',
  'out-of-order',
  'negative-timestamp',
  // an error after which an exception handler let processing go on
  'deserialization',
  'processing',
  'production'
] as const
export type DropReason = (typeof dropReasons)[number]

/** What an operator may ask of the task it runs in. */
export interface OperatorContext {
  /** The task's store of that name. Throws STORE_UNKNOWN. */
  store(name: string): StateStore
  /** Highest event time the task has seen, the current record included, ms; -1 before the first record. */
  streamTime(): number
  /** The wall clock, ms. */
  wallClock(): number
  /** How much the wall clock must move, ms, until results that only leave with their window are looked for again. */
  readonly emitIntervalMs: number
  dropped(reason: DropReason): void
  /**
   * Keeps a number with the committed input positions, as Kafka Streams keeps the last closed window under its store's name: gives what the
   * last commit says, -1 at first, and asks `read` for it at each commit.
   */
  keep(name: string, read: () => number): number
  /**
   * The same for a time that is mostly what the task can tell by itself after a restart (`usual`; default: its stream time): only where it is
   * another one is it kept. A step's own stream time lags behind the task's where steps before it drop or hold back records. Several
   * steps of a task may share a name; each has a time of its own, in order of composition.
   */
  keepTime(name: string, read: () => number, usual?: () => number): number
  /** Calls back at each commit, when the stores before have told what they held back. */
  beforeCommit(callback: () => void): void
  /** Calls back once, when the task processes nothing more. */
  onClose(callback: () => void): void
  /** Says which headers the records of a store's changelog get, by their value. Default: none. */
  logHeaders(store: string, headersOf: (value: Buffer | null) => Headers): void
  /** Calls back when event or wall time has moved by `intervalMs`. Returns how to stop it. */
  schedule(intervalMs: number, time: PunctuationTime, callback: (timestamp: number) => void): () => void
  /** Where the record being processed came from. */
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export type PunctuationTime = 'stream' | 'wall-clock'

/** The steps after an operator, by name; for those that choose among them. */
export type Children = ReadonlyMap<string, Forward<unknown, unknown>>

/** Composes one step onto what comes after it. Called once, when the task is made; what it returns runs per record. */
export type Operator<KIn, VIn, KOut, VOut> = (
  downstream: Forward<KOut, VOut>,
  context: OperatorContext,
  children: Children
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

/** A step from a table to a table. */
export type TableToTable<KIn, VIn, KOut, VOut> = (
  downstream: ForwardChange<KOut, VOut>,
  context: OperatorContext
) => ForwardChange<KIn, VIn>
