import type { Headers } from '../core/record.ts'

/** A record on its way out. `offset` and `topicId` make its version: higher is newer, within one life of the topic. */
export interface SinkRecord<K, V> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: K | null
  readonly value: V | null
  readonly timestamp: number
  readonly headers: Headers
}

/** Records of one partition in offset order. `next` is the position after them, gaps included. */
export interface SinkBatch<K, V> {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly records: readonly SinkRecord<K, V>[]
  readonly first: number
  readonly next: number
}

/** A record the outside refuses for what it is; the sink task sends it to the dead-letter topic. */
export interface Rejection<K, V> {
  readonly record: SinkRecord<K, V>
  readonly reason: string
}

/**
 * Carries records of committed topics outside. A sink keeps its own promise about repetition (see each): after `write` resolves the
 * batch has its effect once, however often it is sent.
 *
 * `write` throws SINK_UNAVAILABLE (tried again, with back-off, the partition paused) or SINK_FENCED (another task owns the partition;
 * this one starts over from `open`).
 */
export interface Sink<K, V> {
  readonly name: string
  /** Takes a partition over. Returns the offset to read from if the sink itself keeps it, else undefined (the group's is used). */
  open(topic: string, topicId: string, partition: number): Promise<number | undefined>
  /** The partition is not this task's any more, or the task ends. Called after the last `write`. */
  released?(topic: string, partition: number): void
  write(batch: SinkBatch<K, V>): Promise<readonly Rejection<K, V>[]>
  close(): Promise<void>
}
