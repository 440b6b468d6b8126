import { randomUUID } from 'node:crypto'
import { Client } from '@elastic/elasticsearch'
import {
  type ElasticsearchSinkOptions,
  elasticsearchSink
} from '../../../sinks/elasticsearch/elasticsearch-sink.ts'
import type { Sink } from '../../../sinks/sink.ts'
import type { Item, SinkPlace, StoredRow } from '../conformance/workspace.ts'
import { CuttableProxy } from '../cuttable-proxy.ts'
import { server } from '../servers.ts'

/** Shared by all places of a process, as it is by all sinks of a cluster. */
export const generationsIndex = `generations-${randomUUID()}`

/** An index of its own. */
export class ElasticsearchPlace implements SinkPlace {
  readonly keepsPosition = false
  readonly request = '_bulk'
  readonly proxy: CuttableProxy
  readonly #url = server('ELASTICSEARCH_URL')
  readonly #client = new Client({ node: this.#url })
  readonly #index = `items-${randomUUID()}`

  private constructor() {
    this.proxy = new CuttableProxy(new URL(this.#url), 9200)
  }

  static async make(): Promise<ElasticsearchPlace> {
    const place = new ElasticsearchPlace()
    await place.proxy.join()
    return place
  }

  sink(
    line: 'direct' | 'proxy',
    changes: Partial<ElasticsearchSinkOptions<string, Item>> = {}
  ): Sink<string, Item> {
    return elasticsearchSink({
      name: 'items',
      connection: line === 'direct' ? this.#url : `http://127.0.0.1:${this.proxy.port}`,
      index: this.#index,
      generationsIndex,
      mappings: {
        dynamic: 'strict',
        properties: { id: { type: 'keyword' }, stock: { type: 'integer' }, note: { type: 'text' } }
      },
      id: (key) => key,
      document: ({ stock, note, rows }, id) => (rows === -1 ? null : { id, stock, note }),
      bulkBytes: 4000,
      ...changes
    })
  }

  misconfigured(): Sink<string, Item> {
    return this.sink('direct', { index: 'No-Upper-Case' })
  }

  async rows(): Promise<readonly StoredRow[]> {
    await this.#client.indices.refresh({ index: this.#index })
    const { hits } = await this.#client.search<{ stock: number; note: string }>({
      index: this.#index,
      sort: 'id',
      size: 1000
    })
    return hits.hits.map(({ _id, _source }) => [_id ?? '', _source?.stock ?? 0, _source?.note ?? ''])
  }

  async close(): Promise<void> {
    const name = `${this.#index}-1`
    await this.#client.indices.delete({ index: name, ignore_unavailable: true })
    await this.#client.indices.deleteIndexTemplate({ name }, { ignore: [404] })
    await this.#client.close()
    await this.proxy.cut()
  }
}
