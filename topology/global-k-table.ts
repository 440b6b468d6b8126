import type { Topic } from '../core/topic.ts'

/** A table of all partitions of a topic, whole in each process: any key of it can be looked up. */
export interface GlobalKTable<K, V> {
  readonly kind: 'global'
  readonly storeName: string
  readonly topic: Topic<K, V>
}

export function isGlobal(table: object): table is GlobalKTable<unknown, unknown> {
  return 'kind' in table && table.kind === 'global'
}
