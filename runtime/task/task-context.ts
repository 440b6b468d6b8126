import { StreamsError } from '../../core/errors.ts'
import type { DropReason, OperatorContext, PunctuationTime } from '../../processors/operator.ts'
import type { StateStore } from '../../state/state-store.ts'
import type { ErrorHandling } from './error-handling.ts'
import { KeptNumbers } from './kept-numbers.ts'
import type { Punctuation } from './punctuation.ts'

/** What the operators of one task see of it. The fields about the current record are overwritten record by record. */
export class TaskContext implements OperatorContext {
  topic = ''
  partition = -1
  offset = -1
  /** The step that is being composed: punctuation that it schedules now is its own. */
  composing = ''
  readonly kept = new KeptNumbers()
  readonly emitIntervalMs: number
  readonly logHeaders: OperatorContext['logHeaders']
  readonly #taskId: string
  readonly #stores: ReadonlyMap<string, StateStore>
  readonly #punctuation: Punctuation
  readonly #now: () => number
  readonly #onDropped: (reason: DropReason) => void
  readonly #errors: ErrorHandling
  #streamTimeOf: () => number = () => -1

  constructor(
    taskId: string,
    stores: ReadonlyMap<string, StateStore>,
    punctuation: Punctuation,
    now: () => number,
    onDropped: (reason: DropReason) => void,
    emitIntervalMs: number,
    logHeaders: OperatorContext['logHeaders'],
    errors: ErrorHandling
  ) {
    this.#errors = errors
    this.logHeaders = logHeaders
    this.emitIntervalMs = emitIntervalMs
    this.#taskId = taskId
    this.#stores = stores
    this.#punctuation = punctuation
    this.#now = now
    this.#onDropped = onDropped
  }

  /** The partition group knows stream time; it is made after the stores were restored. */
  readStreamTimeFrom(streamTimeOf: () => number): void {
    this.#streamTimeOf = streamTimeOf
  }

  readonly streamTime = (): number => this.#streamTimeOf()

  readonly keep = (name: string, read: () => number): number => this.kept.keep(name, read)

  readonly keepTime = (name: string, read: () => number, usual = this.streamTime): number =>
    this.kept.keepTime(name, read, usual)

  readonly #beforeCommit: (() => void)[] = []

  readonly beforeCommit = (callback: () => void): void => {
    this.#beforeCommit.push(callback)
  }

  #onClose: (() => void)[] = []

  readonly onClose = (callback: () => void): void => {
    this.#onClose.push(callback)
  }

  /** Tells each operator that this is the end, once, however often it is called. Returns what they threw: none keeps the others from their end. */
  close(): unknown[] {
    const callbacks = this.#onClose
    this.#onClose = []
    const errors: unknown[] = []
    for (const callback of callbacks) {
      try {
        callback()
      } catch (error) {
        errors.push(error)
      }
    }
    return errors
  }

  /** Runs what operators do before a commit. */
  prepareCommit(): void {
    for (const callback of this.#beforeCommit) callback()
  }

  readonly wallClock = (): number => this.#now()

  readonly dropped = (reason: DropReason): void => this.#onDropped(reason)

  readonly schedule = (
    intervalMs: number,
    time: PunctuationTime,
    callback: (timestamp: number) => void
  ): (() => void) => {
    const guarded = this.#errors.guardPunctuator(this.composing, callback)
    return this.#punctuation.schedule(intervalMs, time, this.#now(), guarded)
  }

  store(name: string): StateStore {
    const store = this.#stores.get(name)
    if (store === undefined)
      throw new StreamsError('STORE_UNKNOWN', `task ${this.#taskId} has no store "${name}"`)
    return store
  }
}
