import { setImmediate } from 'node:timers/promises'
import { StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { Admin } from '../../kafka/port/admin.ts'
import type { Assignment, Consumer } from '../../kafka/port/consumer.ts'
import type { Engine } from '../../state/engine.ts'
import type { StateStore } from '../../state/state-store.ts'
import { globalTask } from '../../state/task-directory.ts'
import type { GlobalStore } from '../../topology/graph.ts'
import { Backoff } from '../backoff.ts'
import type { StreamsMetrics } from '../metrics.ts'
import { Signal } from '../signal.ts'
import { type GlobalSource, GlobalTable, type GlobalTableOptions } from './global-table.ts'
import { tombstoneRetentionMs } from './tombstones.ts'

export interface GlobalTablesParts extends Omit<GlobalTableOptions, 'onDropped'> {
  readonly definitions: ReadonlyMap<string, GlobalStore>
  readonly admin: Admin
  readonly clientId: string
  readonly metrics: StreamsMetrics
  /** Called after tables have changed. */
  readonly onApplied?: () => void
}

const POLL_MS = 100
/** Applying one fetch must not hold up the tasks that run meanwhile. */
const FETCH_BYTES = 256 * 1024
const BUFFER_BYTES = 4 * 1024 * 1024

interface Restoring {
  readonly table: GlobalTable
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  restored: number
}

/**
 * The global tables of a process: opened once, brought up to the ends that their topics have at the start, then kept current by a reader of
 * their own. What was read is applied between two slices of the tasks, so a task sees no half of it.
 *
 * Reads committed records only, as the tasks do, whatever the guarantee. Brokers that are away are waited for; any other failure of the
 * reader is thrown by `check`, and the next `ready` opens everything anew. After `GlobalStreamThread`.
 */
export class GlobalTables {
  readonly #parts: GlobalTablesParts
  readonly #byTopic = new Map<string, GlobalTable>()
  readonly #backoff = new Backoff(100, 10_000)
  #consumer: Consumer | undefined
  #following: Promise<void> | undefined
  #failure: unknown
  #restored = false
  #stop = new Signal()
  #stopped = false

  constructor(parts: GlobalTablesParts) {
    this.#parts = parts
  }

  /** Whether they hold what their topics held when they were opened. */
  get restored(): boolean {
    return this.#restored
  }

  /** The stores that are open, by name. */
  get stores(): ReadonlyMap<string, StateStore> {
    return new Map([...this.#byTopic.values()].map(({ store }) => [store.name, store]))
  }

  /** What they are stored in, by name. */
  get engines(): ReadonlyMap<string, Engine> {
    return new Map([...this.#byTopic.values()].map(({ store, engine }) => [store.name, engine]))
  }

  /**
   * Resolves when all tables have what their topics held at this moment; at once while they are followed. Returns early once `cancelled`
   * says so. Throws TOPIC_MISSING, DESERIALIZATION, STORE_LOCKED, BROKER_UNAVAILABLE.
   */
  async ready(cancelled: () => boolean): Promise<void> {
    const { definitions, config, clientId, metrics } = this.#parts
    if (definitions.size === 0 || (this.#following !== undefined && this.#failure === undefined)) return
    await this.close()
    this.#stopped = false
    this.#failure = undefined
    for (const definition of definitions.values()) {
      const table = await GlobalTable.open(definition, { ...this.#parts, onDropped: metrics.dropped })
      this.#byTopic.set(definition.topic.name, table)
    }
    this.#consumer = config.kafka.consumer({
      clientId: `${clientId}-global`,
      partitionMaxBytes: FETCH_BYTES,
      bufferBytes: BUFFER_BYTES
    })
    this.#restored = await this.#restore(this.#consumer, cancelled)
    this.#following = this.#follow(this.#consumer)
  }

  /** Throws what the reader failed with. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Ends the reader and closes the stores. */
  async close(): Promise<void> {
    this.#stopped = true
    this.#restored = false
    this.#stop.raise()
    await this.#following
    this.#following = undefined
    this.#stop = new Signal()
    const tables = [...this.#byTopic.values()]
    this.#byTopic.clear()
    await Promise.all([this.#consumer?.close(), ...tables.map(({ store }) => store.close())])
    this.#consumer = undefined
  }

  /** False: it was cancelled. */
  async #restore(consumer: Consumer, cancelled: () => boolean): Promise<boolean> {
    const { config } = this.#parts
    const sources = await this.#sources()
    const restoring = new Set<Restoring>()
    const assignments: Assignment[] = []
    for (const [topic, table] of this.#byTopic) {
      const source = sources.get(topic) as GlobalSource
      const starts = [...table.begin(source, config.clock.now())]
      assignments.push(...starts.map((offset, partition) => ({ topic, partition, offset })))
      restoring.add({ table, starts, ends: source.ends, restored: 0 })
    }
    consumer.assign(assignments)
    for (const one of restoring) this.#report(one, false)
    while (restoring.size > 0 && !cancelled()) {
      for (const one of restoring) {
        const { table, ends } = one
        if (ends.some((end, partition) => (consumer.position(table.topic.name, partition) ?? 0) < end))
          continue
        restoring.delete(one)
        this.#report(one, true)
        config.logger.info(
          `global table "${table.store.name}": restored ${one.restored} records of ${table.topic.name}`
        )
      }
      if (restoring.size === 0) return true
      await consumer.arrival(POLL_MS)
      const applied = this.#applyArrived(consumer)
      for (const one of restoring) {
        const count = applied.get(one.table) ?? 0
        one.restored += count
        if (count > 0) this.#report(one, false)
      }
      await setImmediate()
    }
    return restoring.size === 0
  }

  /** Keeps the tables current until `close`, or until something happens that waiting does not mend. */
  async #follow(consumer: Consumer): Promise<void> {
    while (!this.#stopped) {
      try {
        await consumer.arrival(POLL_MS)
        if (this.#stopped) return
        this.#applyArrived(consumer)
        this.#backoff.reset()
      } catch (error) {
        if (!(error instanceof StreamsError && error.action === 'retry')) {
          this.#failure = error
          return
        }
        const delay = this.#backoff.next()
        this.#parts.config.logger.warn(
          `global tables: ${error.message}; reading on in ${Math.round(delay)} ms`
        )
        await this.#stop.wait(delay)
      }
      await setImmediate()
    }
  }

  #applyArrived(consumer: Consumer): ReadonlyMap<GlobalTable, number> {
    const applied = new Map<GlobalTable, number>()
    for (const fetched of consumer.take()) {
      const table = this.#byTopic.get(fetched.topic)
      if (table !== undefined) applied.set(table, (applied.get(table) ?? 0) + table.apply(fetched))
    }
    if (applied.size > 0) this.#parts.onApplied?.()
    return applied
  }

  /** The topics as they are now, by name. */
  async #sources(): Promise<ReadonlyMap<string, GlobalSource>> {
    const { admin } = this.#parts
    const names = [...this.#byTopic.keys()]
    const [described, configs] = await Promise.all([admin.describeTopics(names), admin.topicConfigs(names)])
    const partitionsOf = (topic: string) => {
      const description = described.get(topic)
      if (description === undefined)
        throw new StreamsError('TOPIC_MISSING', `topic "${topic}" of a global table does not exist`)
      return Array.from({ length: description.partitions }, (_, partition) => ({ topic, partition }))
    }
    const all = names.flatMap(partitionsOf)
    const [earliest, latest] = await Promise.all([
      admin.listOffsets(all, 'earliest'),
      admin.listOffsets(all, 'latest')
    ])
    const offsets = (topic: string, of: ReadonlyMap<string, number>) =>
      partitionsOf(topic).map(({ partition }) => of.get(partitionName(topic, partition)) ?? 0)
    return new Map(
      names.map((topic) => {
        return [
          topic,
          {
            topicId: described.get(topic)?.id ?? '',
            begins: offsets(topic, earliest),
            ends: offsets(topic, latest),
            deleteRetentionMs: tombstoneRetentionMs(configs.get(topic) ?? {})
          }
        ]
      })
    )
  }

  #report({ table, starts, ends, restored }: Restoring, done: boolean): void {
    const { config, metrics } = this.#parts
    const total = ends.reduce((sum, end, partition) => sum + end - (starts[partition] ?? 0), 0)
    const progress = { store: table.store.name, task: globalTask, restored, total, done }
    metrics.restored(progress)
    config.onRestore(progress)
  }
}
