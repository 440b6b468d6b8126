import type { Serde } from '../../core/serde.ts'
import type { Fetched } from '../../kafka/port/consumer.ts'
import type { GroupOffset } from '../../kafka/port/group.ts'
import type { DropReason, Forward } from '../../processors/operator.ts'
import type { Checkpoint, StateStore } from '../../state/state-store.ts'
import type { GraphNode, RepartitionNode, SinkNode } from '../../topology/graph-node.ts'
import type { SourceSerdes } from '../restore/source-record.ts'
import type { TaskPlan } from '../task-plan.ts'
import type { Collector } from './collector.ts'
import { ErrorHandling, type ErrorHandlingParts } from './error-handling.ts'
import { eventTimeOf } from './event-time.ts'
import { LookAhead, storesOnDisk } from './look-ahead.ts'
import { decodeOffsetMetadata, encodeOffsetMetadata } from './offset-metadata.ts'
import { composeChain } from './operator-chain.ts'
import { type LagOf, PartitionGroup } from './partition-group.ts'
import { PartitionQueue } from './partition-queue.ts'
import { Punctuation } from './punctuation.ts'
import { TaskContext } from './task-context.ts'

export interface Changelog {
  readonly topic: string
  readonly topicId: string
  readonly deleteRetentionMs: number
  /** It is a topic that the task reads, and nothing is logged; see `Plan.changelogOf`. How its records are read. */
  readonly source: SourceSerdes | undefined
}

/** A store of a task and where its changelog is; no changelog for stores that are not logged. */
export interface TaskStore {
  readonly store: StateStore
  readonly changelog: Changelog | undefined
}

/** Where records of a sink or repartition step go. */
export interface TaskOutput {
  readonly topic: string
  readonly forward: Forward<unknown, unknown>
}

export interface TaskParts {
  readonly plan: TaskPlan
  readonly allNodes: readonly GraphNode[]
  readonly stores: readonly TaskStore[]
  readonly write: (node: SinkNode | RepartitionNode) => TaskOutput
  /** Committed positions of the inputs; an input without one starts at `earliest`. */
  readonly committed: ReadonlyMap<string, GroupOffset>
  readonly earliest: ReadonlyMap<string, number>
  readonly lagOf: LagOf
  readonly maxTaskIdleMs: number
  readonly now: () => number
  readonly onDropped: (reason: DropReason) => void
  /** Stores that are the process's, not the task's. */
  readonly globalStores?: ReadonlyMap<string, StateStore>
  /** What the changelogs are written with. */
  readonly collector?: Collector
  /** See `OperatorContext`. Default 1,000 ms. */
  readonly emitIntervalMs?: number
  /** Default: every error ends the task. */
  readonly errors?: Pick<ErrorHandlingParts, 'handlers' | 'deadLetters' | 'onDeadLetter' | 'logger'>
}

interface Input {
  readonly queue: PartitionQueue
  /** The source's name, for error handlers. */
  readonly node: string
  readonly forward: Forward<unknown, unknown>
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  /** Values of source topics come from outside and are validated; our own repartition topics are trusted. */
  readonly validate: ((value: unknown) => unknown) | undefined
  /** Undefined: the task has no store to read ahead from. */
  readonly lookAhead: LookAhead | undefined
}

const CLOCK_EVERY = 64

/**
 * Runs one sub-topology over one partition number of its topics. Everything here is synchronous; the thread talks to the broker.
 *
 *   made -> process* -> prepareCommit -> (the thread makes it safe in Kafka) -> finishCommit -> process* ... -> stop
 */
export class Task {
  readonly id: string
  readonly stores: readonly TaskStore[]
  readonly #inputs = new Map<PartitionQueue, Input>()
  /** Of the record being processed; mostly of the one before, too. */
  #input: Input | undefined
  readonly #byPartition = new Map<string, PartitionQueue>()
  readonly #group: PartitionGroup
  readonly #context: TaskContext
  readonly #punctuation = new Punctuation()
  readonly #now: () => number
  readonly #committedPositions = new Map<PartitionQueue, number>()
  readonly #errors: ErrorHandling
  #dirty = false
  /** The record being processed, decoded. */
  #key: unknown = null
  #value: unknown = null

  constructor(parts: TaskParts) {
    this.id = parts.plan.id
    this.stores = parts.stores
    this.#now = parts.now
    const byName = new Map(parts.globalStores)
    for (const { store } of parts.stores) byName.set(store.name, store)
    this.#errors = new ErrorHandling({
      ...parts.errors,
      taskId: this.id,
      now: parts.now,
      onDropped: parts.onDropped
    })
    this.#context = new TaskContext(
      this.id,
      byName,
      this.#punctuation,
      parts.now,
      parts.onDropped,
      parts.emitIntervalMs ?? 1000,
      (name, headersOf) => {
        const changelog = parts.stores.find(({ store }) => store.name === name)?.changelog
        if (changelog !== undefined && changelog.source === undefined)
          parts.collector?.logHeaders(changelog.topic, parts.plan.partition, headersOf)
      },
      this.#errors
    )
    const queues = parts.plan.inputs.map(({ topic, node }) => {
      const committed = parts.committed.get(topic)
      const position = committed?.offset ?? parts.earliest.get(topic) ?? 0
      const { partitionTime, kept } = decodeOffsetMetadata(committed?.metadata ?? '')
      this.#context.kept.restore(kept)
      const timestampOf = node.kind === 'source' ? eventTimeOf(node, parts.onDropped) : undefined
      return new PartitionQueue(topic, parts.plan.partition, position, partitionTime, timestampOf)
    })
    this.#group = new PartitionGroup(queues, parts.maxTaskIdleMs, parts.lagOf)
    this.#context.readStreamTimeFrom(() => this.#group.streamTime)
    const entries = composeChain(
      parts.plan.subTopology,
      parts.allNodes,
      this.#context,
      this.#errors,
      parts.write
    )
    const onDisk = storesOnDisk(parts.stores.map(({ store }) => store))
    for (const store of onDisk) store.onMiss((id) => this.#input?.lookAhead?.missed(store, id))
    parts.plan.inputs.forEach(({ node, topic }, index) => {
      const queue = queues[index] as PartitionQueue
      const serdes = node.kind === 'source' ? node.topic : node
      this.#byPartition.set(topic, queue)
      this.#inputs.set(queue, {
        queue,
        node: node.name,
        forward: entries.get(node) as Forward<unknown, unknown>,
        key: serdes.key,
        value: serdes.value,
        validate: node.kind === 'source' ? serdes.value.validate : undefined,
        lookAhead: onDisk.length > 0 ? new LookAhead(queue, onDisk) : undefined
      })
    })
  }

  /** Where each input goes on from. */
  positions(): readonly { readonly topic: string; readonly partition: number; readonly offset: number }[] {
    return this.#group.queues.map(({ topic, partition, position }) => ({
      topic,
      partition,
      offset: position
    }))
  }

  reads(topic: string, partition: number): boolean {
    return partition === this.partition && this.#byPartition.has(topic)
  }

  /** Takes fetched batches in. Returns the bytes that now wait in that partition's queue. */
  accept(fetched: Fetched): number {
    const queue = this.#byPartition.get(fetched.topic)
    if (queue === undefined) return 0
    queue.push(fetched)
    return queue.bufferedBytes
  }

  /** Bytes waiting in the queue of that topic. */
  bufferedBytes(topic: string): number {
    return this.#byPartition.get(topic)?.bufferedBytes ?? 0
  }

  /** Processes records until there is nothing to do or `deadline` (ms, checked every 64 records) is reached. Returns how many. */
  processUntil(deadline: number): number {
    const group = this.#group
    const now = this.#now()
    group.refresh(now)
    let count = 0
    for (let queue = group.next(); queue !== null; queue = group.next()) {
      this.#step(queue, now)
      count++
      if (count % CLOCK_EVERY === 0 && (this.commitWanted() || this.#now() >= deadline)) break
    }
    if (count > 0) this.#dirty = true
    return count
  }

  /** Processes one record, if there is one to process. */
  processOne(): boolean {
    const now = this.#now()
    this.#group.refresh(now)
    const queue = this.#group.next()
    if (queue === null) return false
    this.#step(queue, now)
    this.#dirty = true
    return true
  }

  /** Runs wall-clock punctuation that is due. */
  punctuate(now: number): void {
    this.#errors.source = undefined
    if (this.#punctuation.run('wall-clock', now)) this.#dirty = true
  }

  /** A store's write buffer is full: commit early. */
  commitWanted(): boolean {
    for (const { store } of this.stores) if (store.commitWanted) return true
    return false
  }

  /** Something happened since the last commit. */
  needsCommit(): boolean {
    return (
      this.#dirty ||
      this.#group.queues.some((queue) => queue.position !== this.#committedPositions.get(queue))
    )
  }

  /**
   * Step 1 of a commit: changelog records and forwards of cached tables leave the write buffers, again and again until nothing
   * is dirty, because a forward can make a store downstream dirty. Returns the positions to commit.
   */
  prepareCommit(): readonly GroupOffset[] {
    this.#errors.source = undefined
    for (const { store } of this.stores) store.beginCommit()
    try {
      this.#flushStores()
      this.#context.prepareCommit()
      this.#flushStores()
    } catch (error) {
      throw this.#errors.failure(error)
    }
    const kept = this.#context.kept.current()
    return this.#group.queues.map(({ topic, partition, position, partitionTime }) => ({
      topic,
      partition,
      offset: position,
      metadata: encodeOffsetMetadata({ partitionTime, kept })
    }))
  }

  /**
   * The last step: each store takes its flushed entries over in one batch, with the changelog offset they stand for. That of a store which logs
   * nothing, because its source topic is its changelog, is the position just committed.
   *
   * @param acknowledged the offset after the last record that the producer wrote to a changelog partition
   */
  finishCommit(acknowledged: (topic: string, partition: number) => number | undefined): void {
    for (const { store, changelog } of this.stores) {
      if (changelog === undefined) store.commit(undefined)
      else {
        const { topic, topicId, source } = changelog
        const written =
          source === undefined ? acknowledged(topic, this.partition) : this.#byPartition.get(topic)?.position
        // a task that was elsewhere meanwhile is further than what was written here
        const reached = store.checkpoint?.topicId === topicId ? store.checkpoint.offset : 0
        const checkpoint: Checkpoint = { offset: Math.max(written ?? 0, reached), topicId }
        store.commit(checkpoint)
      }
    }
    for (const queue of this.#group.queues) this.#committedPositions.set(queue, queue.position)
    this.#dirty = false
  }

  /** Stores have work that they put off at their commit. */
  get maintenanceDue(): boolean {
    return this.stores.some(({ store }) => store.maintenanceDue)
  }

  /** Lets each store go on with it, one slice at least and for about `budgetMs` in all. Returns whether there is more. */
  maintain(budgetMs: number): boolean {
    const end = performance.now() + budgetMs
    let more = false
    for (const { store } of this.stores) if (store.maintain(end - performance.now())) more = true
    return more
  }

  get partition(): number {
    return this.#group.queues[0]?.partition ?? 0
  }

  /** The task processes nothing more. Its stores may be another's then; they are closed by whoever opened them. */
  stop(): void {
    this.#punctuation.clear()
    this.#context.close()
    for (const { store } of this.stores) store.detach()
  }

  now(): number {
    return this.#now()
  }

  #flushStores(): void {
    for (let dirty = true; dirty; ) {
      dirty = false
      for (const { store } of this.stores) if (store.flush()) dirty = true
    }
  }

  #step(queue: PartitionQueue, now: number): void {
    const group = this.#group
    let input = this.#input
    if (input?.queue !== queue) {
      input = this.#inputs.get(queue) as Input
      this.#input = input
    }
    input.lookAhead?.next()
    // one that cannot be read is passed over, and does not move stream time either
    if (this.#decode(input)) {
      group.reached(queue)
      this.#process(input)
    }
    group.consumed(queue, now)
    this.#errors.source = undefined
    this.#punctuation.run('stream', group.streamTime)
  }

  /** False for a record that is passed over because it cannot be read. */
  #decode(input: Input): boolean {
    const { queue } = input
    const { cursor } = queue
    this.#errors.source = queue
    try {
      const { buffer, keyStart, keyEnd, valueStart, valueEnd } = cursor
      this.#key = keyStart < 0 ? null : input.key.decode(buffer, keyStart, keyEnd)
      const value = valueStart < 0 ? null : input.value.decode(buffer, valueStart, valueEnd)
      this.#value = value !== null && input.validate !== undefined ? input.validate(value) : value
      return true
    } catch (error) {
      this.#errors.deserialization(error, queue, input.node)
      return false
    }
  }

  #process(input: Input): void {
    const { cursor, topic, partition, headTimestamp } = input.queue
    const context = this.#context
    context.topic = topic
    context.partition = partition
    context.offset = cursor.offset
    try {
      input.forward(this.#value, this.#key, headTimestamp, cursor.headers())
    } catch (error) {
      throw this.#errors.failure(error)
    }
  }
}
