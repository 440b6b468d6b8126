import type { Serde } from '../core/serde.ts'
import type { Topic } from '../core/topic.ts'
import { tableSource } from '../processors/table-source.ts'
import type { KStream, KTable, StoreOptions } from './dsl.ts'
import { Graph } from './graph.ts'
import type { Compose } from './graph-node.ts'
import { KStreamImpl } from './k-stream.ts'
import { KTableImpl } from './k-table.ts'
import { Topology } from './topology.ts'

/** Where a graph begins. Declare streams and tables, chain their steps, then `build`. */
export class StreamsBuilder {
  readonly #graph = new Graph((graph, node, serdes) => new KStreamImpl(graph, node, serdes, false))

  /** The records of a topic. Ones without a value reach the functions as null. */
  stream<K, V>(topic: Topic<K, V>): KStream<K, V> {
    const node = this.#graph.source(topic as unknown as Topic<unknown, unknown>)
    return this.#graph.stream(node, { key: topic.key, value: topic.value })
  }

  /** The latest value of each key of a topic, kept in a store. */
  table<K, V>(topic: Topic<K, V>, options: StoreOptions): KTable<K, V> {
    const source = this.#graph.source(topic as unknown as Topic<unknown, unknown>)
    this.#graph.store({
      kind: 'key-value',
      name: options.name,
      key: topic.key as Serde<unknown>,
      value: topic.value as Serde<unknown>,
      logged: true,
      cached: options.cached ?? true
    })
    const node = this.#graph.processor('table', [source], tableSource(options.name) as unknown as Compose, {
      emits: 'table',
      stores: [options.name]
    })
    return new KTableImpl(this.#graph, node, options.name, topic)
  }

  /** The finished graph. Throws TOPOLOGY_INVALID where it cannot run. */
  build(): Topology {
    return new Topology(this.#graph)
  }
}
