import { StreamsError } from '../core/errors.ts'
import type { Topic } from '../core/topic.ts'
import { passThrough } from '../processors/pass-through.ts'
import { tableSource, tableSourceWithoutStore } from '../processors/table-source.ts'
import { versionedTableSource, versionedView } from '../processors/versioned-table-source.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import type { KStream, KTable } from './dsl.ts'
import type { GlobalKTable } from './global-k-table.ts'
import { Graph } from './graph.ts'
import type { Compose, TimestampExtractor } from './graph-node.ts'
import { KStreamImpl } from './k-stream.ts'
import { KTableImpl } from './k-table.ts'
import { named } from './named.ts'
import type { StoreOptions, StreamOptions, StreamsBuilderOptions, VersionedTableOptions } from './options.ts'
import { storedTable } from './store-steps.ts'
import { versionedKeyValueStore } from './stores.ts'
import { Topology } from './topology.ts'

/** Where a graph begins. Declare streams and tables, chain their steps, then `build`. */
export class StreamsBuilder {
  readonly #graph: Graph

  constructor(options: StreamsBuilderOptions = {}) {
    this.#graph = new Graph(
      {
        stream: (graph, node, serdes, rekeyed) => new KStreamImpl(graph, { node, serdes, rekeyed }),
        table: (graph, parts) => new KTableImpl(graph, parts)
      },
      options.optimization
    )
  }

  /** The records of a topic, or of several in one stream. Ones without a value reach the functions as null. */
  stream<K, V>(
    topic: Topic<K, V> | readonly Topic<K, V>[],
    options: StreamOptions<K, V> = {}
  ): KStream<K, V> {
    const topics = (Array.isArray(topic) ? topic : [topic]) as readonly Topic<K, V>[]
    const extractor = options.timestampExtractor as TimestampExtractor<unknown, unknown> | undefined
    const nodes = topics.map((one) =>
      this.#graph.source(
        one as unknown as Topic<unknown, unknown>,
        extractor === undefined ? {} : { timestampExtractor: extractor }
      )
    )
    const [first] = topics
    const [node, second] = nodes
    if (first === undefined || node === undefined)
      throw new StreamsError('TOPOLOGY_INVALID', 'a stream reads at least one topic')
    const { key, value } = first
    const merged =
      second === undefined ? node : this.#graph.processor('merge', nodes, passThrough() as unknown as Compose)
    return this.#graph.stream(merged, { key, value })
  }

  /**
   * The latest value of each key of a topic, kept in the store that is named. Without a store only its changes can be used: it cannot
   * be joined or grouped.
   */
  table<K, V>(topic: Topic<K, V>, options?: StoreOptions | VersionedTableOptions): KTable<K, V> {
    if (options !== undefined && 'historyRetentionMs' in options) return this.#versioned(topic, options)
    const source = this.#graph.source(topic as unknown as Topic<unknown, unknown>)
    if (options !== undefined) {
      const { name } = named(options, `table(topic, { name: "rows" })`)
      const table = storedTable(this.#graph, 'table', options, topic, (oldValues) => [
        { parent: source, step: tableSource<K, V>(name, oldValues) }
      ])
      this.#graph.tableStore(name, topic.name)
      return table
    }
    const step = tableSourceWithoutStore<K, V>() as unknown as Compose
    return this.#graph.table<K, V>({
      node: this.#graph.processor('table', [source], step, { emits: 'table' }),
      key: topic.key,
      value: topic.value,
      storeName: undefined,
      view: undefined,
      sendOldValues: () => false,
      versioned: false,
      graceMs: undefined
    })
  }

  /** A table of all partitions of a topic, whole in each process. */
  globalTable<K, V>(topic: Topic<K, V>, options: Pick<StoreOptions, 'name'>): GlobalKTable<K, V> {
    const { name } = named(options, 'globalTable(topic, { name: "rows" })')
    this.#graph.globalStore(topic as unknown as Topic<unknown, unknown>, name)
    return { kind: 'global', storeName: name, topic }
  }

  /** Declares a store for processors, which name it; see `keyValueStore` and its sisters. */
  addStateStore<K, V>(definition: StoreDefinition<K, V>): this {
    this.#graph.store(definition as StoreDefinition)
    return this
  }

  #versioned<K, V>(topic: Topic<K, V>, options: VersionedTableOptions): KTable<K, V> {
    const {
      name,
      historyRetentionMs,
      logged = true
    } = named(options, 'table(topic, { name: "rows", historyRetentionMs })')
    const { key, value } = topic
    const source = this.#graph.source(topic as unknown as Topic<unknown, unknown>)
    const definition = versionedKeyValueStore({ name, key, value, logged, historyRetentionMs })
    this.#graph.store(definition as unknown as StoreDefinition)
    const step = versionedTableSource<K, V>(name) as unknown as Compose
    const node = this.#graph.processor('table', [source], step, {
      emits: 'table',
      stores: [name],
      anchor: name
    })
    return this.#graph.table<K, V>({
      node,
      key,
      value,
      storeName: name,
      view: versionedView(name),
      sendOldValues: () => true,
      versioned: true,
      graceMs: undefined
    })
  }

  /** The finished graph. Throws TOPOLOGY_INVALID where it cannot run. */
  build(): Topology {
    return new Topology(this.#graph).checked()
  }
}
