import { StreamsError } from '../core/errors.ts'
import { partitionName } from '../core/record.ts'
import type { TopicDescription } from '../kafka/port/admin.ts'
import type { GroupOffset } from '../kafka/port/group.ts'
import type { Producer, ProducerTopic } from '../kafka/port/producer.ts'
import type { Forward } from '../processors/operator.ts'
import { divideBudget } from '../state/engines/memory-budget.ts'
import { openTaskStore } from '../state/open-task-store.ts'
import type { ChangelogWriter } from '../state/state-store.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import { storeDirectory } from '../state/task-directory.ts'
import type { RepartitionNode, SinkNode } from '../topology/graph-node.ts'
import type { Topology } from '../topology/topology.ts'
import type { ResolvedConfig } from './config.ts'
import type { StreamsMetrics } from './metrics.ts'
import { Collector } from './task/collector.ts'
import type { LagOf } from './task/partition-group.ts'
import { Task, type TaskStore } from './task/task.ts'
import type { Plan, TaskPlan } from './task-plan.ts'

export interface TaskFactoryParts {
  readonly config: ResolvedConfig
  readonly topology: Topology
  readonly plan: Plan
  readonly topics: ReadonlyMap<string, TopicDescription>
  /** Of each changelog topic, ms. */
  readonly deleteRetentionMs: ReadonlyMap<string, number>
  readonly producer: Producer
  readonly metrics: StreamsMetrics
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

  constructor(parts: TaskFactoryParts) {
    this.#parts = parts
  }

  /** Looks up every topic that the tasks write to. Comes before anything else. */
  async loadTopics(plans: readonly TaskPlan[]): Promise<void> {
    const { topology, plan, producer } = this.#parts
    const names = new Set<string>()
    for (const node of topology.nodes) {
      if (node.kind === 'sink') names.add(node.topic.name)
      if (node.kind === 'repartition') names.add(plan.topicOf(node))
    }
    for (const { subTopology } of plans)
      for (const store of subTopology.stores)
        if (this.#definition(store).logged) names.add(plan.changelogOf(store))
    for (const name of names) this.#producerTopics.set(name, await producer.topic(name))
  }

  async open(plan: TaskPlan): Promise<OpenedTask> {
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
    return new Task({
      plan: opened.plan,
      allNodes: topology.nodes,
      stores: opened.stores,
      write: (node) => this.#write(node),
      collector: this.#collector,
      committed: byTopic(committed),
      earliest: byTopic(earliest),
      lagOf,
      maxTaskIdleMs: config.maxTaskIdleMs,
      now: () => config.clock.now(),
      onDropped: metrics.dropped
    })
  }

  #write(node: SinkNode | RepartitionNode): Forward<unknown, unknown> {
    const name = node.kind === 'sink' ? node.topic.name : this.#parts.plan.topicOf(node)
    const serdes = node.kind === 'sink' ? node.topic : node
    return this.#collector.sink(this.#topic(name), serdes.key, serdes.value)
  }

  async #openStore(plan: TaskPlan, definition: StoreDefinition): Promise<TaskStore> {
    const { config, plan: allTasks, topics } = this.#parts
    const directory = storeDirectory(config.stateDirectory, config.applicationId, plan.id, definition.name)
    let log: ChangelogWriter | undefined
    let changelog: TaskStore['changelog']
    if (definition.logged) {
      const name = allTasks.changelogOf(definition.name)
      log = this.#collector.changelog(this.#topic(name), plan.partition)
      changelog = {
        topic: name,
        topicId: topics.get(name)?.id ?? '',
        deleteRetentionMs: this.#parts.deleteRetentionMs.get(name) ?? Number.POSITIVE_INFINITY
      }
    }
    const caching = config.cacheMaxBytes > 0
    const storesInAll = allTasks.tasks.reduce((sum, task) => sum + task.subTopology.stores.length, 0)
    const { store } = await openTaskStore(
      { ...definition, cached: definition.cached && caching },
      config.engine,
      directory,
      {
        engine: divideBudget(config.stateMemoryBytes, storesInAll),
        store: {
          log,
          clock: config.clock,
          ...(caching ? { bufferBytes: Math.floor(config.cacheMaxBytes / storesInAll) } : {})
        },
        onSetAside: (place, reason) =>
          config.logger.warn(
            `task ${plan.id}: store "${definition.name}" cannot be used (${(reason as Error).message}); it is set aside in ${place} and rebuilt`
          )
      }
    )
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
