import { StreamsError } from '../../core/errors.ts'
import type { DropReason, OperatorContext, PunctuationTime } from '../../processors/operator.ts'
import type { StateStore } from '../../state/state-store.ts'
import type { Punctuation } from './punctuation.ts'

/** What the operators of one task see of it. The fields about the current record are overwritten record by record. */
export class TaskContext implements OperatorContext {
  topic = ''
  partition = -1
  offset = -1
  readonly emitIntervalMs: number
  readonly logHeaders: OperatorContext['logHeaders']
  readonly #taskId: string
  readonly #stores: ReadonlyMap<string, StateStore>
  readonly #punctuation: Punctuation
  readonly #now: () => number
  readonly #onDropped: (reason: DropReason) => void
  #streamTimeOf: () => number = () => -1

  constructor(
    taskId: string,
    stores: ReadonlyMap<string, StateStore>,
    punctuation: Punctuation,
    now: () => number,
    onDropped: (reason: DropReason) => void,
    emitIntervalMs: number,
    logHeaders: OperatorContext['logHeaders']
  ) {
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

  readonly #beforeCommit: (() => void)[] = []

  readonly beforeCommit = (callback: () => void): void => {
    this.#beforeCommit.push(callback)
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
  ): (() => void) => this.#punctuation.schedule(intervalMs, time, this.#now(), callback)

  store(name: string): StateStore {
    const store = this.#stores.get(name)
    if (store === undefined)
      throw new StreamsError('STORE_UNKNOWN', `task ${this.#taskId} has no store "${name}"`)
    return store
  }
}
