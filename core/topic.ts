import type { Serde } from './serde.ts'

/** What a topic is made with where the application makes it. */
export interface TopicSettings {
  /** Partitions when created; an existing topic keeps its own. Default 4. */
  readonly partitions?: number
  /** Kafka's `cleanup.policy`. Default `delete`. */
  readonly cleanupPolicy?: 'delete' | 'compact'
  /** Kafka's `retention.ms`. Default -1, keep for ever: event time is often older than any retention. */
  readonly retentionMs?: number
}

/** A declared topic: its name and how its keys and values are written. Types flow from here through the graph. */
export interface Topic<K, V> extends Required<TopicSettings> {
  readonly name: string
  readonly key: Serde<K>
  readonly value: Serde<V>
}

export interface TopicOptions<K, V> extends TopicSettings {
  readonly key: Serde<K>
  readonly value: Serde<V>
}

/** Declares a topic. Nothing is created by this; the application creates missing topics when it starts. */
export function topic<K, V>(name: string, options: TopicOptions<K, V>): Topic<K, V> {
  return {
    name,
    key: options.key,
    value: options.value,
    partitions: options.partitions ?? 4,
    cleanupPolicy: options.cleanupPolicy ?? 'delete',
    retentionMs: options.retentionMs ?? -1
  }
}
