import { GrowableBytes } from '../core/bytes.ts'
import { ManualClock } from '../core/clock.ts'
import { StreamsError } from '../core/errors.ts'
import { type Headers, noHeaders, type StreamRecord } from '../core/record.ts'
import type { Serde } from '../core/serde.ts'
import type { Topic } from '../core/topic.ts'
import { partitionForKey } from '../kafka/batch/murmur2.ts'
import { RecordCursor } from '../kafka/batch/record-cursor.ts'
import { MemoryBroker } from '../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../kafka/memory/memory-client.ts'
import type { MemoryConsumer } from '../kafka/memory/memory-consumer.ts'
import type { MemoryProducer } from '../kafka/memory/memory-producer.ts'
import type { DropReason } from '../processors/operator.ts'
import type { Engine } from '../state/engine.ts'
import { MemoryEngine } from '../state/engines/memory.ts'
import type { ReadOnlyKeyValueStore } from '../state/key-value-store.ts'
import { openStore } from '../state/open-store.ts'
import type { ReadOnlySessionStore } from '../state/session-store.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import type { ReadOnlyVersionedStore } from '../state/versioned-store.ts'
import type { ReadOnlyWindowStore } from '../state/window-store.ts'
import type { Topology } from '../topology/topology.ts'
import { SourceRecord } from './restore/source-record.ts'
import { Collector } from './task/collector.ts'
import { type DeadLetter, readDeadLetter } from './task/dead-letter.ts'
import { defaultDeadLetterTopic, type ErrorHandlers, failingHandlers } from './task/error-handlers.ts'
import { Task } from './task/task.ts'
import type { TaskStore } from './task/task-stores.ts'
import { Plan } from './task-plan.ts'

const defaultCacheBytes = 64 * 1024 * 1024

/** How an application is tried out; the error handlers are those of `StreamsConfig`. */
export interface TestDriverOptions extends Partial<ErrorHandlers> {
  /** Default `test`. */
  readonly applicationId?: string
  /** Where the wall clock starts, ms. Default 0. */
  readonly startMs?: number
  /** `statestore.cache.max.bytes`; 0: every update is logged and forwarded at once. Default 64 MiB for each store. */
  readonly cacheMaxBytes?: number
  /** What each store is kept in. Default: memory. */
  readonly engine?: (store: string) => Engine
  /** How much the wall clock must move until windows that have closed are looked for again, ms. Default 0: with each record. */
  readonly emitIntervalMs?: number
  /** Default `<applicationId>-dead-letters`. */
  readonly deadLetterTopic?: string
}

/** A record to pipe in; what is left out: no key, the wall clock's time, no headers. */
export interface TestRecord<K, V> {
  readonly key?: K | null
  readonly value: V | null
  /** Event time, ms. */
  readonly timestamp?: number
  readonly headers?: Headers
}

/**
 * Runs a topology in memory, synchronously: the production tasks over a broker in memory with one partition per topic, and a clock that
 * stands still. Each piped record is processed and committed before `pipe` returns. After Kafka Streams' `TopologyTestDriver`.
 */
export class TopologyTestDriver {
  readonly #topology: Topology
  readonly #broker: MemoryBroker
  readonly #clock: ManualClock
  readonly #tasks: readonly Task[]
  readonly #producer: MemoryProducer
  readonly #consumer: MemoryConsumer
  /** Reads the topics of global tables. */
  readonly #globals: MemoryConsumer
  readonly #cursor = new RecordCursor()
  readonly #record = new SourceRecord()
  readonly #input: MemoryProducer
  readonly #scratch = new GrowableBytes()
  readonly #globalStores: ReadonlyMap<string, BufferedKeyValueStore<unknown, unknown>>
  readonly #internalTopics: readonly string[]
  readonly #deadLetterTopic: string
  readonly #read = new Map<string, number>()
  readonly #dropped = new Map<DropReason, number>()

  constructor(topology: Topology, options: TestDriverOptions = {}) {
    const applicationId = options.applicationId ?? 'test'
    const cacheMaxBytes = options.cacheMaxBytes ?? defaultCacheBytes
    this.#topology = topology
    this.#clock = new ManualClock(options.startMs ?? 0)
    this.#broker = new MemoryBroker(this.#clock)
    const plan = new Plan(topology, applicationId, () => 1)
    for (const { name } of topology.externalTopics()) this.#broker.createTopicSync(name, 1)
    this.#internalTopics = plan.internalTopics.map(({ name }) => name)
    for (const name of this.#internalTopics) this.#broker.createTopicSync(name, 1)
    this.#deadLetterTopic = options.deadLetterTopic ?? defaultDeadLetterTopic(applicationId)
    if (this.#broker.findTopic(this.#deadLetterTopic) === undefined)
      this.#broker.createTopicSync(this.#deadLetterTopic, 1)
    const client = new MemoryClient(this.#broker)
    this.#producer = client.producerSync({ clientId: applicationId })
    this.#input = client.producerSync({ clientId: 'input' })
    this.#consumer = client.consumer({ clientId: applicationId })
    this.#globals = client.consumer({ clientId: `${applicationId}-global` })
    const globalTopics = [...topology.globalStores.values()].map(({ topic }) => topic.name)
    this.#globals.assign(globalTopics.map((name) => ({ topic: name, partition: 0, offset: 0 })))
    const collector = new Collector()
    this.#globalStores = openGlobalStores(topology, options)
    // a repartition step may ask for more partitions: here each topic has one
    const plans = plan.tasks.filter(({ partition }) => partition === 0)
    this.#tasks = plans.map((taskPlan) => {
      const stores: TaskStore[] = taskPlan.subTopology.stores.map((name) => {
        const definition = topology.stores.get(name)
        if (definition === undefined) throw new StreamsError('STORE_UNKNOWN', `no store is named "${name}"`)
        const changelog = plan.changelogOf(definition)
        const log =
          changelog?.own === true
            ? collector.changelog(this.#producer.topicSync(changelog.topic), 0)
            : undefined
        const engine = options.engine?.(name) ?? new MemoryEngine(name)
        const cached = definition.cached && cacheMaxBytes > 0
        const bufferBytes = cached ? cacheMaxBytes : defaultCacheBytes
        const store = openStore({ ...definition, cached }, engine, { log, bufferBytes, clock: this.#clock })
        return {
          store,
          changelog: changelog && {
            topic: changelog.topic,
            topicId: 'memory',
            deleteRetentionMs: Number.POSITIVE_INFINITY,
            source: changelog.own ? undefined : { key: definition.key, value: definition.value }
          }
        }
      })
      return new Task({
        plan: taskPlan,
        collector,
        globalStores: this.#globalStores,
        allNodes: topology.nodes,
        stores,
        write: (node) => {
          const serdes = node.kind === 'sink' ? node.topic : node
          const name = node.kind === 'sink' ? node.topic.name : plan.topicOf(node)
          const forward = collector.sink(this.#producer.topicSync(name), serdes.key, serdes.value)
          return { topic: name, forward }
        },
        committed: new Map(),
        earliest: new Map(),
        lagOf: () => 0,
        maxTaskIdleMs: 0,
        now: () => this.#clock.now(),
        emitIntervalMs: options.emitIntervalMs ?? 0,
        onDropped: (reason) => this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1),
        errors: {
          handlers: { ...failingHandlers, ...options },
          deadLetters: collector.deadLetters(this.#producer.topicSync(this.#deadLetterTopic))
        }
      })
    })
    this.#consumer.assign(this.#tasks.flatMap((task) => task.positions()))
  }

  /** Writes a record to a source topic, or to that of a global table, and runs the graph until nothing is left to do. */
  pipe<K, V>(topic: Topic<K, V>, record: TestRecord<K, V>): void {
    const { name } = topic
    const read = [...this.#topology.sources(), ...this.#topology.globalStores.values()]
    if (!read.some((source) => source.topic.name === name))
      throw new StreamsError('TOPIC_MISSING', `the graph does not read topic "${name}"`)
    const target = this.#input.topicSync(name)
    const key = record.key ?? null
    const end = key === null ? 0 : topic.key.encode(key, this.#scratch, 0)
    const partition = key === null ? 0 : partitionForKey(this.#scratch.buffer, 0, end, target.partitions)
    target.append(
      partition,
      key === null ? null : this.#scratch.buffer,
      0,
      end,
      topic.value,
      record.value,
      record.timestamp ?? this.#clock.now(),
      record.headers ?? noHeaders
    )
    this.#input.flushSync()
    this.#run()
  }

  /** Moves the wall clock and runs the punctuation that is due. */
  advanceWallClock(ms: number): void {
    this.#clock.advance(ms)
    for (const task of this.#tasks) task.punctuate(this.#clock.now())
    this.#commit()
    this.#run()
  }

  /** Ends the tasks: processors are told. Stores and topics can still be read. */
  close(): void {
    const [error] = this.#tasks.flatMap((task) => task.stop())
    if (error !== undefined) throw error
  }

  /** The records of a topic that were not read yet, in order. */
  read<K, V>(topic: Topic<K, V>): StreamRecord<K, V>[] {
    const all = this.#broker.readAll(topic.name)
    const seen = this.#read.get(topic.name) ?? 0
    this.#read.set(topic.name, all.length)
    return all.slice(seen).map(({ key, value, timestamp, headers }) => ({
      key: key === null ? null : decode(topic.key, key),
      value: value === null ? null : decode(topic.value, value),
      timestamp,
      headers
    }))
  }

  /** All records of a topic, an internal one too, as bytes. */
  readBytes(topic: string): StreamRecord<Buffer, Buffer>[] {
    return this.#broker
      .readAll(topic)
      .map(({ key, value, timestamp, headers }) => ({ key, value, timestamp, headers }))
  }

  /** The internal topics: changelogs and repartition topics. */
  internalTopics(): readonly string[] {
    return this.#internalTopics
  }

  /** What a topic is as a table: the last value of each key, in order of first appearance. Reads from the start. */
  readTable<K, V>(topic: Topic<K, V>): Map<K, V> {
    const latest = new Map<string, readonly [K, V]>()
    for (const { key, value } of this.#broker.readAll(topic.name)) {
      if (key === null) continue
      const text = key.latin1Slice()
      if (value === null) latest.delete(text)
      else latest.set(text, [decode(topic.key, key), decode(topic.value, value)])
    }
    return new Map(latest.values())
  }

  /** Throws STORE_UNKNOWN. */
  keyValueStore<K, V>(name: string): ReadOnlyKeyValueStore<K, V> {
    return this.#store(name, 'key-value') as ReadOnlyKeyValueStore<K, V>
  }

  /** Throws STORE_UNKNOWN. */
  windowStore<K, V>(name: string): ReadOnlyWindowStore<K, V> {
    return this.#store(name, 'window') as ReadOnlyWindowStore<K, V>
  }

  /** Throws STORE_UNKNOWN. */
  sessionStore<K, V>(name: string): ReadOnlySessionStore<K, V> {
    return this.#store(name, 'session') as ReadOnlySessionStore<K, V>
  }

  /** Throws STORE_UNKNOWN. */
  versionedStore<K, V>(name: string): ReadOnlyVersionedStore<K, V> {
    return this.#store(name, 'versioned') as ReadOnlyVersionedStore<K, V>
  }

  /** A store of any kind, a global table's too. Throws STORE_UNKNOWN. */
  stateStore(name: string): unknown {
    const global = this.#globalStores.get(name)
    if (global !== undefined) return global
    const found = this.#tasks.flatMap((task) => task.stores).find(({ store }) => store.name === name)
    if (found === undefined) throw new StreamsError('STORE_UNKNOWN', `the graph has no store "${name}"`)
    return found.store
  }

  /** The dead letters so far, in order, with what is said of each. */
  deadLetters(): DeadLetter[] {
    return this.readBytes(this.#deadLetterTopic).map(readDeadLetter)
  }

  /** How many records had no effect, for that reason. */
  dropped(reason: DropReason): number {
    return this.#dropped.get(reason) ?? 0
  }

  #run(): void {
    for (let busy = true; busy; ) {
      busy = false
      this.#applyGlobals()
      for (const fetched of this.#consumer.take())
        for (const task of this.#tasks) if (task.reads(fetched.topic, fetched.partition)) task.accept(fetched)
      for (const task of this.#tasks) {
        // one record a commit, as in Kafka Streams' driver: no cache joins what two records have done
        if (!task.processOne()) continue
        busy = true
        this.#commit()
        break
      }
    }
  }

  /** What is in their topics changes global tables and nothing else, whether it was piped in or the graph wrote it. */
  #applyGlobals(): void {
    for (const { topic, batches } of this.#globals.take()) {
      const table = [...this.#topology.globalStores.values()].find((one) => one.topic.name === topic)
      if (table === undefined) continue
      const store = this.#globalStores.get(table.name) as BufferedKeyValueStore<unknown, unknown>
      this.#cursor.open(batches)
      while (this.#cursor.next()) {
        if (this.#cursor.keyStart < 0) continue
        this.#record.read(this.#cursor, table.topic)
        store.put(this.#record.key, this.#record.value, this.#cursor.timestamp)
      }
    }
  }

  #commit(): void {
    for (const task of this.#tasks) {
      if (!task.needsCommit()) continue
      task.prepareCommit()
      this.#producer.flushSync()
      task.finishCommit((topic, partition) => this.#producer.acknowledged(topic, partition))
      while (task.maintenanceDue) task.maintain(0)
    }
  }

  #store(name: string, kind: StoreDefinition['kind']): unknown {
    if (this.#topology.stores.get(name)?.kind !== kind)
      throw new StreamsError('STORE_UNKNOWN', `the graph has no ${kind} store "${name}"`)
    return this.stateStore(name)
  }
}

function openGlobalStores(
  topology: Topology,
  options: TestDriverOptions
): Map<string, BufferedKeyValueStore<unknown, unknown>> {
  const stores = new Map<string, BufferedKeyValueStore<unknown, unknown>>()
  for (const { name, topic } of topology.globalStores.values()) {
    const engine = options.engine?.(name) ?? new MemoryEngine(name)
    const { key, value } = topic
    const definition = { kind: 'key-value', name, key, value, logged: false, cached: true } as const
    stores.set(name, openStore(definition, engine, { log: undefined }))
  }
  return stores
}

function decode<T>(serde: Serde<T>, bytes: Buffer): T {
  return serde.decode(bytes, 0, bytes.length)
}
