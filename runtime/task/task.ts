import type { Fetched } from '../../kafka/port/consumer.ts'
import type { GroupOffset } from '../../kafka/port/group.ts'
import type { DropReason, Forward } from '../../processors/operator.ts'
import type { StateStore } from '../../state/state-store.ts'
import type { GraphNode, RepartitionNode, SinkNode } from '../../topology/graph-node.ts'
import type { NodeMeter, TaskMeter } from '../metrics/task-meter.ts'
import type { TaskPlan } from '../task-plan.ts'
import { endBatch, endWithError, type ThreadTracer } from '../tracing.ts'
import type { Collector } from './collector.ts'
import { ErrorHandling, type ErrorHandlingParts } from './error-handling.ts'
import { eventTimeOf } from './event-time.ts'
import { Input } from './input.ts'
import { LookAhead, storesOnDisk } from './look-ahead.ts'
import { decodeOffsetMetadata, encodeOffsetMetadata } from './offset-metadata.ts'
import { composeChain, type Entry } from './operator-chain.ts'
import { type LagOf, PartitionGroup } from './partition-group.ts'
import { PartitionQueue } from './partition-queue.ts'
import { Progress } from './progress.ts'
import { Punctuation } from './punctuation.ts'
import { TaskContext } from './task-context.ts'
import { type TaskStore, TaskStores } from './task-stores.ts'

/** Where records of a sink or repartition step go. */
export interface TaskOutput {
  readonly topic: string
  readonly forward: Forward<unknown, unknown>
}

export interface TaskParts {
  readonly plan: TaskPlan
  readonly allNodes: readonly GraphNode[]
  readonly stores: readonly TaskStore[]
  readonly write: (node: SinkNode | RepartitionNode, meter: NodeMeter | undefined) => TaskOutput
  /** Committed positions of the inputs; an input without one starts at `earliest`. */
  readonly committed: ReadonlyMap<string, GroupOffset>
  readonly earliest: ReadonlyMap<string, number>
  readonly lagOf: LagOf
  readonly maxTaskIdleMs: number
  readonly now: () => number
  readonly onDropped: (reason: DropReason) => void
  /** Where the task counts; undefined: nowhere. */
  readonly meter?: TaskMeter
  /** Told of batches; undefined: nobody is. */
  readonly tracer?: ThreadTracer
  /** Stores that are the process's, not the task's. */
  readonly globalStores?: ReadonlyMap<string, StateStore>
  /** What the changelogs are written with. */
  readonly collector?: Collector
  /** Where the thread tells how far it is, and the task's number there. */
  readonly progress?: Progress
  readonly index?: number
  /** See `OperatorContext`. Default 1,000 ms. */
  readonly emitIntervalMs?: number
  /** Default: every error ends the task. */
  readonly errors?: Pick<ErrorHandlingParts, 'handlers' | 'deadLetters' | 'onDeadLetter' | 'logger'>
}

/** Records between two looks at the clock, unless they take long: then there is one about every so many ms. */
const CLOCK_EVERY = 64
const CLOCK_MS = 10

/**
 * Runs one sub-topology over one partition number of its topics. Everything here is synchronous; the thread talks to the broker.
 *
 *   made -> process* -> prepareCommit -> (the thread makes it safe in Kafka, expectCommit) -> finishCommit -> process* ... -> stop
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
  readonly #punctuation = new Punctuation(() => this.#together.commitWanted)
  readonly #now: () => number
  readonly #committedPositions = new Map<PartitionQueue, number>()
  readonly #errors: ErrorHandling
  readonly #meter: TaskMeter | undefined
  readonly #tracer: ThreadTracer | undefined
  readonly #together: TaskStores
  readonly #progress: Progress
  readonly #index: number
  #dirty = false
  #clockEvery = CLOCK_EVERY

  constructor(parts: TaskParts) {
    this.id = parts.plan.id
    this.stores = parts.stores
    this.#together = new TaskStores(parts.stores)
    this.#progress = parts.progress ?? new Progress()
    this.#index = parts.index ?? 0
    this.#now = parts.now
    this.#meter = parts.meter
    this.#tracer = parts.tracer
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
      parts.write,
      parts.meter
    )
    const onDisk = storesOnDisk(parts.stores.map(({ store }) => store))
    for (const store of onDisk) store.onMiss((id) => this.#input?.lookAhead?.missed(store, id))
    parts.plan.inputs.forEach(({ node, topic }, index) => {
      const queue = queues[index] as PartitionQueue
      const entry = entries.get(node) as Entry
      const lookAhead = onDisk.length > 0 ? new LookAhead(queue, onDisk) : undefined
      this.#byPartition.set(topic, queue)
      this.#inputs.set(queue, new Input(queue, index, node, entry, lookAhead))
    })
  }

  /** How far it is with each of its inputs. */
  get inputs(): readonly PartitionQueue[] {
    return this.#group.queues
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
    if (this.#meter !== undefined) this.#meter.bytes += fetched.batches.end - fetched.batches.start
    queue.push(fetched)
    return queue.bufferedBytes
  }

  /** Bytes waiting in the queue of that topic. */
  bufferedBytes(topic: string): number {
    return this.#byPartition.get(topic)?.bufferedBytes ?? 0
  }

  /**
   * Processes records until there is nothing to do, a commit is wanted, or `deadline` (ms, looked at every 64 records at least) is reached. Returns
   * how many.
   */
  processUntil(deadline: number): number {
    const group = this.#group
    const now = this.#now()
    group.refresh(now)
    this.#progress.enter(this.#index)
    const began = performance.now()
    let count = 0
    let time = now
    // what had to wait for a commit was due before the next record
    if (this.#punctuation.runWaiting(group.streamTime, now)) this.#dirty = true
    let queue = this.#together.commitWanted ? null : group.next()
    const span = queue === null ? undefined : this.#tracer?.batch(this.id, queue.cursor.headers())
    try {
      for (; queue !== null; queue = group.next()) {
        time = queue.headTimestamp
        this.#step(queue, now)
        count++
        // after each: a write buffer takes the changes of one record more than its bound, not those of many
        const full = this.#together.commitWanted
        if (count % this.#clockEvery > 0) {
          if (full) break
          continue
        }
        this.#meter?.age(now - time)
        if (full || this.#now() >= deadline) break
      }
    } catch (error) {
      if (span !== undefined) endWithError(span, error)
      throw error
    }
    if (span !== undefined) endBatch(span, count)
    this.#progress.leave()
    if (count === 0) return 0
    this.#meter?.processed(count, count % this.#clockEvery > 0 ? now - time : undefined)
    const lasted = performance.now() - began
    this.#clockEvery = Math.max(1, Math.min(CLOCK_EVERY, Math.floor((count * CLOCK_MS) / lasted)))
    this.#dirty = true
    return count
  }

  /** Calls what had to wait for a commit, and processes one record, if there is one to process. Returns whether anything was done. */
  processOne(): boolean {
    const now = this.#now()
    this.#group.refresh(now)
    const called = this.#punctuation.runWaiting(this.#group.streamTime, now)
    if (called) this.#dirty = true
    const queue = this.#together.commitWanted ? null : this.#group.next()
    if (queue === null) return called
    this.#step(queue, now)
    this.#dirty = true
    return true
  }

  /** Runs wall-clock punctuation that is due. */
  punctuate(now: number): void {
    this.#errors.source = undefined
    this.#progress.enter(this.#index)
    const start = performance.now()
    if (this.#punctuation.run('wall-clock', now)) this.#dirty = true
    if (this.#meter !== undefined) this.#meter.punctuateMs += performance.now() - start
    this.#progress.leave()
  }

  /** A store's write buffer is full: commit early. */
  commitWanted(): boolean {
    return this.#together.commitWanted
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
    this.#progress.enter(this.#index)
    this.#together.beginCommit()
    try {
      this.#together.flush()
      this.#context.prepareCommit()
      this.#together.flush()
    } catch (error) {
      throw this.#errors.failure(error)
    }
    this.#progress.leave()
    const kept = this.#context.kept.current()
    return this.#group.queues.map(({ topic, partition, position, partitionTime }) => ({
      topic,
      partition,
      offset: position,
      metadata: encodeOffsetMetadata({ partitionTime, kept })
    }))
  }

  /** Before the positions are committed: from then on the stores lag behind them, until the last step. */
  expectCommit(): void {
    this.#together.expectCommit()
  }

  /** The last step: see `TaskStores.commit`. */
  finishCommit(acknowledged: (topic: string, partition: number) => number | undefined): void {
    this.#together.commit(
      (topic) => acknowledged(topic, this.partition),
      (topic) => this.#byPartition.get(topic)?.position,
      this.#group.queues.reduce((sum, { position }) => sum + position, 0)
    )
    for (const queue of this.#group.queues) this.#committedPositions.set(queue, queue.position)
    this.#dirty = false
  }

  /** See `TaskStores`. */
  get maintenanceDue(): boolean {
    return this.#together.maintenanceDue
  }

  maintain(budgetMs: number): boolean {
    return this.#together.maintain(budgetMs)
  }

  get partition(): number {
    return this.#group.queues[0]?.partition ?? 0
  }

  /**
   * The task processes nothing more. Its stores may be another's then; they are closed by whoever opened them. Returns what processors threw as
   * they were closed.
   */
  stop(): unknown[] {
    for (const queue of this.#group.queues) queue.drop()
    this.#punctuation.clear()
    const errors = this.#context.close()
    this.#together.detach()
    return errors
  }

  now(): number {
    return this.#now()
  }

  #step(queue: PartitionQueue, now: number): void {
    const group = this.#group
    let input = this.#input
    if (input?.queue !== queue) {
      input = this.#inputs.get(queue) as Input
      this.#input = input
    }
    this.#progress.record(input.index, queue.cursor.offset)
    input.lookAhead?.next()
    // one that cannot be read is passed over, and does not move stream time either
    if (input.read(this.#errors)) {
      group.reached(queue)
      this.#process(input)
    }
    group.consumed(queue, now)
    this.#errors.source = undefined
    this.#punctuation.run('stream', group.streamTime)
  }

  #process(input: Input): void {
    const { cursor, topic, partition, headTimestamp } = input.queue
    const context = this.#context
    context.topic = topic
    context.partition = partition
    context.offset = cursor.offset
    input.reached.records++
    try {
      input.forward(input.value, input.key, headTimestamp, cursor.headers())
    } catch (error) {
      throw this.#errors.failure(error)
    }
  }
}
