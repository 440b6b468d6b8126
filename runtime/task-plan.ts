import { StreamsError } from '../core/errors.ts'
import type { TopicPartition } from '../core/record.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import { changelogName } from '../topology/changelog-name.ts'
import type { RepartitionNode, SourceNode } from '../topology/graph-node.ts'
import type { SubTopology } from '../topology/sub-topology.ts'
import type { Topology } from '../topology/topology.ts'
import { changelogTopic, type InternalTopic, repartitionTopic } from './internal-topics.ts'
import { PartitionCounts } from './partition-counts.ts'
import { taskIdOf } from './task-id.ts'

/** One task to be: a sub-topology over one partition number of each of its topics. */
export interface TaskPlan {
  /** `<sub-topology>_<partition>`. */
  readonly id: string
  readonly subTopology: SubTopology
  readonly partition: number
  readonly inputs: readonly TaskInput[]
}

export interface TaskInput extends TopicPartition {
  readonly node: SourceNode | RepartitionNode
}

/** What a store is restored from. */
export interface StoreChangelog {
  readonly topic: string
  /** A topic of the application's own that the store writes; else its table's source, which others write. */
  readonly own: boolean
}

/** Which tasks there are and which internal topics they need, worked out from the graph and the partition counts of its topics. */
export class Plan {
  readonly tasks: readonly TaskPlan[]
  readonly internalTopics: readonly InternalTopic[]
  /** Names of the repartition topics among them. */
  readonly repartitionTopics: ReadonlySet<string>
  /** Names of the topics of others that stores are restored from. */
  readonly sourceChangelogs: readonly string[]
  readonly #applicationId: string
  readonly #sourceOf: ReadonlyMap<string, string>
  readonly #byId: ReadonlyMap<string, TaskPlan>

  /** @param partitionsOf partition count of an existing topic. Throws TOPIC_MISSING, TOPIC_MISMATCH. */
  constructor(
    topology: Topology,
    applicationId: string,
    partitionsOf: (topic: string) => number | undefined
  ) {
    this.#applicationId = applicationId
    this.#sourceOf = topology.sourceChangelogs
    this.sourceChangelogs = [...this.#sourceOf.values()]
    const counts = new PartitionCounts(topology, partitionsOf)
    const tasks: TaskPlan[] = []
    const internal: InternalTopic[] = []
    for (const subTopology of topology.subTopologies) {
      const inputCounts = subTopology.inputs.map((node) => ({ node, partitions: counts.of(node) }))
      const partitions = Math.max(0, ...inputCounts.map((input) => input.partitions))
      const stateful = subTopology.stores.length > 0
      const odd = inputCounts.find((input) => input.partitions !== partitions)
      if (stateful && odd !== undefined)
        throw new StreamsError(
          'TOPIC_MISMATCH',
          `"${odd.node.name}" has ${odd.partitions} partitions but is joined with topics of ${partitions}: equal keys would not meet; repartition one of them`
        )
      for (let partition = 0; partition < partitions; partition++)
        tasks.push({
          id: taskIdOf(subTopology.id, partition),
          subTopology,
          partition,
          inputs: inputCounts
            .filter((input) => partition < input.partitions)
            .map(({ node }) => ({ node, topic: this.topicOf(node), partition }))
        })
      for (const store of subTopology.stores) {
        const definition = topology.stores.get(store)
        if (definition === undefined) throw new StreamsError('STORE_UNKNOWN', `no store is named "${store}"`)
        const changelog = this.changelogOf(definition)
        if (changelog?.own === true) internal.push(changelogTopic(changelog.topic, partitions, definition))
      }
    }
    for (const node of topology.repartitions())
      internal.push(repartitionTopic(this.topicOf(node), counts.of(node)))
    this.#byId = new Map(tasks.map((task) => [task.id, task]))
    this.repartitionTopics = new Set(topology.repartitions().map((node) => this.topicOf(node)))
    this.tasks = tasks
    this.internalTopics = internal
  }

  topicOf(node: SourceNode | RepartitionNode): string {
    return node.kind === 'source' ? node.topic.name : `${this.#applicationId}-${node.topicName}`
  }

  /** Undefined: a store that is lost with its disk. */
  changelogOf(store: StoreDefinition): StoreChangelog | undefined {
    const topic = changelogName(store, this.#sourceOf)
    if (topic === null) return undefined
    const own = !this.#sourceOf.has(store.name)
    return { topic: own ? `${this.#applicationId}-${topic}` : topic, own }
  }

  /** Throws STORE_UNKNOWN. */
  task(id: string): TaskPlan {
    const task = this.#byId.get(id)
    if (task === undefined) throw new StreamsError('STORE_UNKNOWN', `the graph has no task ${id}`)
    return task
  }

  /** Every topic that tasks read. */
  inputTopics(): readonly string[] {
    return [...new Set(this.tasks.flatMap((task) => task.inputs.map((input) => input.topic)))]
  }
}
