import { StreamsError } from '../core/errors.ts'
import { partitionName } from '../core/record.ts'
import type { TopicDescription } from '../kafka/port/admin.ts'
import type { GroupOffset } from '../kafka/port/group.ts'
import type { Producer, ProducerTopic } from '../kafka/port/producer.ts'
import type { UncommittedBudget } from '../state/buffer/callback-limit.ts'
import { openTaskStore } from '../state/open-task-store.ts'
import type { ChangelogWriter, StateStore } from '../state/state-store.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import { storeDirectory } from '../state/task-directory.ts'
import type { RepartitionNode, SinkNode } from '../topology/graph-node.ts'
import type { Topology } from '../topology/topology.ts'
import type { ResolvedConfig } from './config.ts'
import type { NodeMeter } from './metrics/task-meter.ts'
import type { StreamsMetrics } from './metrics.ts'
import { storeBudget, uncommittedBudget } from './store-budget.ts'
import { Collector } from './task/collector.ts'
import { writesDeadLetters } from './task/error-handlers.ts'
import type { LagOf } from './task/partition-group.ts'
import type { Progress } from './task/progress.ts'
import { Task, type TaskOutput } from './task/task.ts'
import type { TaskStore } from './task/task-stores.ts'
import type { Plan, TaskPlan } from './task-plan.ts'
import type { ThreadTracer } from './tracing.ts'

export interface TaskFactoryParts {
  readonly config: ResolvedConfig
  readonly topology: Topology
  readonly plan: Plan
  readonly topics: ReadonlyMap<string, TopicDescription>
  /** Of each topic that stores are restored from, ms. */
  readonly deleteRetentionMs: ReadonlyMap<string, number>
  readonly producer: Producer
  /** The stores of the process's global tables, up to date. */
  readonly globalStores: ReadonlyMap<string, StateStore>
  readonly metrics: StreamsMetrics
  readonly progress: Progress
  readonly tracer: ThreadTracer | undefined
}

/** A task whose stores are open but which does not run yet. */
export interface OpenedTask {
  readonly plan: TaskPlan
  readonly stores: readonly TaskStore[]
}

/** Makes tasks: opens their stores, and connects the ends of their operator chains to the producer. */
export class TaskFactory {
  readonly #parts: TaskFactoryParts
  readonly #collector = new Collector()
  readonly #producerTopics = new Map<string, ProducerTopic>()
  readonly #uncommitted: UncommittedBudget

  constructor(parts: TaskFactoryParts) {
    this.#parts = parts
    this.#uncommitted = uncommittedBudget(parts.config, parts.plan, parts.topology)
  }

  /** Looks up every topic that the task writes to. */
  async #loadTopics({ subTopology }: TaskPlan): Promise<void> {
    const { topology, plan, producer } = this.#parts
    const names = new Set<string>()
    for (const node of topology.nodes) {
      if (node.kind === 'sink') names.add(node.topic.name)
      if (node.kind === 'repartition') names.add(plan.topicOf(node))
    }
    for (const store of subTopology.stores) {
      const changelog = plan.changelogOf(this.#definition(store))
      if (changelog?.own === true) names.add(changelog.topic)
    }
    if (writesDeadLetters(this.#parts.config)) names.add(this.#parts.config.deadLetterTopic)
    for (const name of names)
      if (!this.#producerTopics.has(name)) this.#producerTopics.set(name, await producer.topic(name))
  }

  async open(plan: TaskPlan): Promise<OpenedTask> {
    await this.#loadTopics(plan)
    const stores: TaskStore[] = []
    try {
      for (const name of plan.subTopology.stores)
        stores.push(await this.#openStore(plan, this.#definition(name)))
    } catch (error) {
      await Promise.all(stores.map(({ store }) => store.close()))
      throw error
    }
    return { plan, stores }
  }

  task(
    opened: OpenedTask,
    committed: ReadonlyMap<string, GroupOffset>,
    earliest: ReadonlyMap<string, number>,
    lagOf: LagOf
  ): Task {
    const { config, topology, metrics } = this.#parts
    const byTopic = <T>(offsets: ReadonlyMap<string, T>): Map<string, T> => {
      const found = new Map<string, T>()
      for (const { topic, partition } of opened.plan.inputs) {
        const value = offsets.get(partitionName(topic, partition))
        if (value !== undefined) found.set(topic, value)
      }
      return found
    }
    const [positions, begins] = [byTopic(committed), byTopic(earliest)]
    this.#wipeOthers(opened, (topic) => positions.get(topic)?.offset ?? begins.get(topic) ?? 0)
    return new Task({
      plan: opened.plan,
      allNodes: topology.nodes,
      stores: opened.stores,
      globalStores: this.#parts.globalStores,
      write: (node, meter) => this.#write(node, meter),
      collector: this.#collector,
      committed: positions,
      earliest: begins,
      lagOf,
      maxTaskIdleMs: config.maxTaskIdleMs,
      progress: this.#parts.progress,
      index: this.#parts.plan.tasks.indexOf(opened.plan),
      now: () => config.clock.now(),
      ...(config.recordMetrics ? { meter: metrics.meter(opened.plan.id) } : {}),
      ...(this.#parts.tracer === undefined ? {} : { tracer: this.#parts.tracer }),
      onDropped: metrics.dropped,
      errors: {
        handlers: config,
        deadLetters: writesDeadLetters(config)
          ? this.#collector.deadLetters(this.#topic(config.deadLetterTopic))
          : undefined,
        onDeadLetter: metrics.deadLetter,
        logger: config.logger
      }
    })
  }

  /** Empties stores without a changelog that were left at other positions than the task goes on from, as when it was elsewhere since. */
  #wipeOthers({ plan, stores }: OpenedTask, positionIn: (topic: string) => number): void {
    const position = plan.inputs.reduce((sum, { topic }) => sum + positionIn(topic), 0)
    for (const { store, changelog } of stores) {
      if (changelog !== undefined || store.checkpoint === undefined) continue
      if (store.checkpoint.offset === position) continue
      this.#parts.config.logger.warn(
        `task ${plan.id} goes on at another position than store "${store.name}" is of, which has no changelog: it begins empty`
      )
      store.wipe()
    }
  }

  #write(node: SinkNode | RepartitionNode, meter: NodeMeter | undefined): TaskOutput {
    const topic = node.kind === 'sink' ? node.topic.name : this.#parts.plan.topicOf(node)
    const serdes = node.kind === 'sink' ? node.topic : node
    const target = this.#topic(topic)
    const windowBytes = node.kind === 'sink' ? node.windowBytes : 0
    return { topic, forward: this.#collector.sink(target, serdes.key, serdes.value, meter, windowBytes) }
  }

  async #openStore(plan: TaskPlan, definition: StoreDefinition): Promise<TaskStore> {
    const { config, plan: allTasks, topics } = this.#parts
    const directory = storeDirectory(config.stateDirectory, config.applicationId, plan.id, definition.name)
    let log: ChangelogWriter | undefined
    let changelog: TaskStore['changelog']
    const found = allTasks.changelogOf(definition)
    if (found !== undefined) {
      const { topic, own } = found
      if (own) log = this.#collector.changelog(this.#topic(topic), plan.partition)
      changelog = {
        topic,
        topicId: topics.get(topic)?.id ?? '',
        deleteRetentionMs: this.#parts.deleteRetentionMs.get(topic) ?? Number.POSITIVE_INFINITY,
        source: own ? undefined : { key: definition.key, value: definition.value }
      }
    }
    const budget = storeBudget(config, allTasks, this.#parts.topology)
    const caching = config.cacheMaxBytes > 0
    const { store, engine } = await openTaskStore(
      // whatever can be repaired outlives an unclean close
      { ...definition, logged: changelog !== undefined, cached: definition.cached && caching },
      config.engine,
      directory,
      {
        engine: budget,
        store: {
          log,
          clock: config.clock,
          bufferBytes: budget.bufferBytes,
          uncommitted: this.#uncommitted
        },
        onSetAside: (place, reason) =>
          config.logger.warn(
            `task ${plan.id}: store "${definition.name}" cannot be used (${(reason as Error).message}); it is set aside in ${place} and rebuilt`
          )
      }
    )
    this.#parts.metrics.engine(plan.id, definition.name, engine)
    return { store, changelog }
  }

  #definition(name: string): StoreDefinition {
    const definition = this.#parts.topology.stores.get(name)
    if (definition === undefined) throw new StreamsError('STORE_UNKNOWN', `no store is named "${name}"`)
    return definition
  }

  #topic(name: string): ProducerTopic {
    const topic = this.#producerTopics.get(name)
    if (topic === undefined) throw new StreamsError('TOPIC_MISSING', `topic "${name}" was not looked up`)
    return topic
  }
}
