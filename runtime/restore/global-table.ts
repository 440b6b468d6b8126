import type { Logger } from '../../core/logger.ts'
import { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import type { Fetched } from '../../kafka/port/consumer.ts'
import type { DropReason } from '../../processors/operator.ts'
import type { Engine } from '../../state/engine.ts'
import type { StoreBudget } from '../../state/engines/memory-budget.ts'
import type { KeyValueStore } from '../../state/key-value-store.ts'
import { openTaskStore } from '../../state/open-task-store.ts'
import type { StateStore } from '../../state/state-store.ts'
import { globalTask, storeDirectory } from '../../state/task-directory.ts'
import type { GlobalStore } from '../../topology/graph.ts'
import type { ResolvedConfig } from '../config.ts'
import { ErrorHandling } from '../task/error-handling.ts'
import { misfitOf } from './changelog-start.ts'
import { SourceRecord } from './source-record.ts'

/** Its source topic, as it is now; lists go by partition. */
export interface GlobalSource {
  readonly topicId: string
  readonly begins: readonly number[]
  readonly ends: readonly number[]
  /** How long the topic keeps tombstones; infinite where it is not compacted. */
  readonly deleteRetentionMs: number
}

export interface GlobalTableOptions {
  readonly config: ResolvedConfig
  readonly budget: StoreBudget
  readonly onDropped: (reason: DropReason) => void
}

/**
 * The store of one global table and how far into each partition of its topic it is. The topic is its changelog, but others write to it: records
 * are decoded and validated before the store takes them. What was applied and how far that goes is one atomic batch.
 */
export class GlobalTable {
  readonly topic: GlobalStore['topic']
  readonly store: StateStore & KeyValueStore<unknown, unknown>
  readonly engine: Engine
  readonly #logger: Logger
  readonly #onDropped: (reason: DropReason) => void
  readonly #errors: ErrorHandling
  readonly #cursor = new RecordCursor()
  readonly #record = new SourceRecord()
  #topicId = ''
  #offsets: number[] = []

  private constructor(
    topic: GlobalStore['topic'],
    store: StateStore & KeyValueStore<unknown, unknown>,
    engine: Engine,
    { config, onDropped }: GlobalTableOptions
  ) {
    this.topic = topic
    this.store = store
    this.engine = engine
    this.#logger = config.logger
    this.#onDropped = onDropped
    this.#errors = new ErrorHandling({
      taskId: globalTask,
      handlers: config,
      now: () => config.clock.now(),
      onDropped,
      logger: config.logger
    })
  }

  /** What does not open is set aside, and an empty store takes its place. Throws STORE_LOCKED. */
  static async open({ name, topic }: GlobalStore, options: GlobalTableOptions): Promise<GlobalTable> {
    const { config, budget } = options
    const { key, value } = topic
    const { store, engine } = await openTaskStore(
      // as a logged store it outlives an unclean close: its topic repairs it
      { kind: 'key-value', name, key, value, logged: true, cached: true },
      config.engine,
      storeDirectory(config.stateDirectory, config.applicationId, globalTask, name),
      {
        engine: budget,
        store: { log: undefined, clock: config.clock, bufferBytes: budget.bufferBytes },
        onSetAside: (place, reason) =>
          config.logger.warn(
            `global table "${name}" cannot be used (${(reason as Error).message}); it is set aside in ${place} and rebuilt`
          )
      }
    )
    return new GlobalTable(topic, store as StateStore & KeyValueStore<unknown, unknown>, engine, options)
  }

  /**
   * Where each partition is to be read from. A store that does not fit the topic any more starts over, empty: for the reasons of
   * `changelogStart`, and when the topic has lost records that it had not read.
   */
  begin(source: GlobalSource, now: number): readonly number[] {
    const { begins, topicId } = source
    this.#topicId = topicId
    this.#offsets = [...(this.store.checkpoint?.partitionOffsets ?? [])]
    const misfit = this.#misfit(source, now)
    if (misfit !== undefined) {
      this.#logger.warn(
        `global table "${this.store.name}" does not fit topic ${this.topic.name} (${misfit}); rebuilding it`
      )
      this.store.wipe()
      this.#offsets = []
    }
    this.#offsets = begins.map((begin, partition) => this.#offsets[partition] ?? begin)
    return this.#offsets
  }

  #misfit(source: GlobalSource, now: number): string | undefined {
    if (this.store.checkpoint === undefined) return undefined
    for (const [partition, offset] of this.#offsets.entries()) {
      const begin = source.begins[partition] ?? 0
      const misfit =
        offset < begin
          ? `partition ${partition} begins at ${begin}, after the store's ${offset}`
          : misfitOf(this.store, source, offset, source.ends[partition] ?? 0, now)
      if (misfit !== undefined) return misfit
    }
    return undefined
  }

  /**
   * Applies what was fetched of one partition. Returns how many records that were. Throws DESERIALIZATION unless the application's handler
   * passes such records over; what was not committed by then is forgotten.
   */
  apply(fetched: Fetched): number {
    const { partition, batches } = fetched
    const cursor = this.#cursor
    let count = 0
    cursor.open(batches)
    try {
      while (cursor.next()) {
        count++
        this.#put(partition)
        if (this.store.commitWanted) this.#commit(partition, cursor.offset + 1)
      }
    } catch (error) {
      this.store.abort()
      throw error
    }
    this.#commit(partition, batches.next)
    fetched.release?.()
    return count
  }

  #put(partition: number): void {
    const cursor = this.#cursor
    const record = this.#record
    if (cursor.keyStart < 0) {
      this.#onDropped('null-key')
      return
    }
    try {
      record.read(cursor, this.topic)
    } catch (error) {
      this.#errors.deserialization(error, { topic: this.topic.name, partition, cursor }, this.store.name)
      return
    }
    // no bound but one value's size: the commit is looked for after each
    this.store.beginCommit()
    this.store.put(record.key, record.value, cursor.timestamp)
  }

  #commit(partition: number, next: number): void {
    this.#offsets[partition] = next
    this.store.flush()
    this.store.commit({
      offset: this.#offsets.reduce((sum, offset) => sum + offset, 0),
      topicId: this.#topicId,
      partitionOffsets: [...this.#offsets]
    })
  }
}
