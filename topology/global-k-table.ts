import { StreamsError } from '../core/errors.ts'
import type { Topic } from '../core/topic.ts'

/**
 * A table of all partitions of a topic, whole in each process: any key of it can be looked up. Each process has what the topic held when
 * it started before it processes anything, and is kept current from then on, at its own pace: which update a record meets is not decided by
 * their timestamps. After Kafka Streams' `GlobalKTable` (KIP-99).
 */
export interface GlobalKTable<K, V> {
  readonly kind: 'global'
  readonly storeName: string
  readonly topic: Topic<K, V>
}

export function isGlobal(table: object): table is GlobalKTable<unknown, unknown> {
  return 'kind' in table && table.kind === 'global'
}

/**
 * Throws TOPOLOGY_INVALID when a global table's topic is read by a second global table, or by the tasks: as in Kafka Streams.
 *
 * @param sources names of the topics that tasks read
 */
export function checkGlobalTopics(
  sources: Iterable<string>,
  tables: Iterable<{ readonly name: string; readonly topic: { readonly name: string } }>
): void {
  const read = new Set(sources)
  for (const { name, topic } of tables) {
    if (read.has(topic.name))
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `topic "${topic.name}" of global table "${name}" is read elsewhere in the graph, too: join that stream or table instead, or read a copy`
      )
    read.add(topic.name)
  }
}
