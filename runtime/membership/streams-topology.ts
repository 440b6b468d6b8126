import type { StreamsSubTopology, StreamsTopic } from '../../kafka/port/streams-group.ts'
import type { Topology } from '../../topology/topology.ts'
import type { Plan } from '../task-plan.ts'

/** What the broker is told of a graph, so that it can assign its tasks. */
export function streamsTopology(topology: Topology, plan: Plan): StreamsSubTopology[] {
  const internal = new Map(plan.internalTopics.map((topic) => [topic.name, topic]))
  return topology.subTopologies.map(({ id, nodes, inputs, stores }) => {
    const sources = inputs.flatMap((node) => (node.kind === 'source' ? [node.topic.name] : []))
    const repartitions = inputs.flatMap((node): StreamsTopic[] => {
      const topic = node.kind === 'repartition' ? internal.get(plan.topicOf(node)) : undefined
      return topic === undefined ? [] : [topic]
    })
    const changelogs = stores.flatMap((store): StreamsTopic[] => {
      const definition = topology.stores.get(store)
      const changelog = definition && plan.changelogOf(definition)
      const topic = changelog?.own === true ? internal.get(changelog.topic) : undefined
      // the protocol wants no number for these
      return topic === undefined ? [] : [{ ...topic, partitions: 0 }]
    })
    const written = topology
      .repartitions()
      .filter(({ parents }) => parents.some((parent) => nodes.includes(parent)))
    return {
      id: String(id),
      sourceTopics: [...new Set(sources)],
      repartitionSinkTopics: written.map((node) => plan.topicOf(node)),
      repartitionSourceTopics: repartitions,
      changelogTopics: changelogs,
      copartitioned: stores.length > 0
    }
  })
}
