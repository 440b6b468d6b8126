import { StreamsError } from '../core/errors.ts'
import type { Rejection, Sink, SinkBatch } from './sink.ts'

/**
 * One sink for records of several topics, each carried by a sink of its own: one task and one group are enough for many small topics. Each keeps
 * its own promise about repetition. Throws CONFIG_INVALID for a topic that has none.
 */
export function sinkByTopic<K, V>(name: string, sinks: ReadonlyMap<string, Sink<K, V>>): Sink<K, V> {
  return new SinkByTopic(name, sinks)
}

class SinkByTopic<K, V> implements Sink<K, V> {
  readonly name: string
  readonly #sinks: ReadonlyMap<string, Sink<K, V>>

  constructor(name: string, sinks: ReadonlyMap<string, Sink<K, V>>) {
    this.name = name
    this.#sinks = sinks
  }

  async open(topic: string, topicId: string, partition: number): Promise<number | undefined> {
    return this.#of(topic).open(topic, topicId, partition)
  }

  released(topic: string, partition: number): void {
    // also of a topic that has none: what `open` threw is what is told
    this.#sinks.get(topic)?.released?.(topic, partition)
  }

  async write(batch: SinkBatch<K, V>): Promise<readonly Rejection<K, V>[]> {
    return this.#of(batch.topic).write(batch)
  }

  async close(): Promise<void> {
    const closed = await Promise.allSettled([...this.#sinks.values()].map((sink) => sink.close()))
    for (const one of closed) if (one.status === 'rejected') throw one.reason
  }

  #of(topic: string): Sink<K, V> {
    const sink = this.#sinks.get(topic)
    if (sink === undefined)
      throw new StreamsError('CONFIG_INVALID', `sink ${this.name} has none for ${topic}`)
    return sink
  }
}
