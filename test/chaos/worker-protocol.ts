/** Where a worker can be told to stand still, so that it is killed just there. */
export type HaltPoint = 'before-commit' | 'in-commit' | 'after-commit'

/** How far a transaction has come when it is aborted. */
export type AbortStage = 'nothing-sent' | 'records-sent' | 'offsets-sent'

export interface WorkerSettings {
  readonly brokers: string
  readonly input: string
  readonly output: string
  readonly groupId: string
  readonly guarantee: 'exactly-once' | 'at-least-once'
  readonly seed: number
}

/** From the driver. */
export type Order =
  /** Go on until so many records have been committed, by this worker and its forerunners */
  | { readonly order: 'limit'; readonly records: number }
  /** Abort the next transaction when it is full */
  | { readonly order: 'abort'; readonly stage: AbortStage }
  /** Tell the driver when the point is reached, and wait there for the end; `in-commit` does not wait */
  | { readonly order: 'halt'; readonly at: HaltPoint }
  | { readonly order: 'close' }

/** From the worker. */
export type Notice =
  | { readonly notice: 'ready'; readonly startedInMs: number; readonly committed: number }
  | { readonly notice: 'committed'; readonly committed: number; readonly records: number }
  | { readonly notice: 'aborted' }
  | { readonly notice: 'halted'; readonly at: HaltPoint }
  /** It went on after an error that allows it */
  | { readonly notice: 'recovered'; readonly code: string; readonly message: string }
  /** It ends */
  | { readonly notice: 'failed'; readonly code: string; readonly message: string }
