import { randomUUID } from 'node:crypto'
import { Client } from '@elastic/elasticsearch'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hasCode } from '../../../core/errors.ts'
import {
  type ElasticsearchSinkOptions,
  elasticsearchSink
} from '../../../sinks/elasticsearch/elasticsearch-sink.ts'
import { swapAliases } from '../../../sinks/elasticsearch/indices.ts'
import type { Sink } from '../../../sinks/sink.ts'
import { batchOf } from '../batches.ts'
import { server } from '../servers.ts'
import { ThrottlingServer } from './throttling-server.ts'

interface Sku {
  readonly name: string
}

const url = server('ELASTICSEARCH_URL')

describe('indices of the Elasticsearch sink', () => {
  const client = new Client({ node: url })
  const sinks: Sink<string, Sku>[] = []
  let index: string

  beforeEach(() => {
    index = `skus-${randomUUID().slice(0, 8)}`
  })

  afterEach(async () => {
    await Promise.all(sinks.splice(0).map((sink) => sink.close()))
    const made = Object.keys(await client.indices.get({ index: `${index}*` }))
    await client.indices.delete({ index: made })
    for (const version of [1, 2])
      await client.indices.deleteIndexTemplate({ name: `${index}-${version}` }, { ignore: [404] })
  })

  afterAll(() => client.close())

  async function sink(
    changes: Partial<ElasticsearchSinkOptions<string, Sku>> = {}
  ): Promise<Sink<string, Sku>> {
    const made = elasticsearchSink<string, Sku>({
      name: 'skus',
      connection: url,
      index,
      generationsIndex: `${index}generations`,
      mappings: { dynamic: 'strict', properties: { name: { type: 'keyword' } } },
      id: (key) => key,
      ...changes
    })
    sinks.push(made)
    await made.open('sales', 'life-1', 0)
    return made
  }

  async function ids(alias: string): Promise<unknown[]> {
    await client.indices.refresh({ index: alias })
    const { hits } = await client.search({ index: alias, size: 100 })
    return hits.hits.map(({ _id }) => _id).sort()
  }

  const perCountry = { part: (key: string) => key.slice(0, 2).toLowerCase() }
  const skus = batchOf<string, Sku>(0, [
    ['DE/1', { name: 'Hemd' }],
    ['FR/1', { name: 'chemise' }],
    ['DE/2', { name: 'Hose' }]
  ])

  it('has an index and an alias for each part, and one alias for all', async () => {
    const one = await sink(perCountry)
    expect(await one.write(skus)).toEqual([])
    expect(await ids(`${index}-de`)).toEqual(['DE/1', 'DE/2'])
    expect(await ids(`${index}-fr`)).toEqual(['FR/1'])
    expect(await ids(index)).toEqual(['DE/1', 'DE/2', 'FR/1'])
    const made = await client.indices.get({ index: `${index}-*` })
    expect(Object.keys(made).sort()).toEqual([`${index}-de-1`, `${index}-fr-1`])
    expect(made[`${index}-fr-1`]?.mappings?.dynamic).toBe('strict')
    // one that came later, and a key from which no index can be made
    const more = batchOf<string, Sku>(3, [
      ['IT/1', { name: 'camicia' }],
      ['*?/1', { name: 'x' }],
      ['DE/1', null]
    ])
    expect((await one.write(more)).map(({ record }) => record.offset)).toEqual([4])
    expect(await ids(index)).toEqual(['DE/2', 'FR/1', 'IT/1'])
  })

  it('makes an index again that was removed', async () => {
    const one = await sink(perCountry)
    await one.write(skus)
    await client.indices.delete({ index: `${index}-fr-1` })
    const again = batchOf<string, Sku>(3, [['FR/2', { name: 'robe' }]])
    await expect(one.write(again)).rejects.toSatisfy((error) => hasCode(error, 'SINK_UNAVAILABLE'))
    expect(await one.write(again)).toEqual([])
    expect(await ids(`${index}-fr`)).toEqual(['FR/2'])
  })

  it('fills the indices of a new version beside those in use, and swaps them at once', async () => {
    const former = await sink(perCountry)
    await former.write(skus)
    const next = await sink({
      ...perCountry,
      indexVersion: 2,
      mappings: { properties: { name: { type: 'text' } } }
    })
    await next.write({ ...skus, records: skus.records.slice(0, 2) })
    expect(await ids(index)).toEqual(['DE/1', 'DE/2', 'FR/1'])
    // the former version goes on until the swap, with a part that is new to both
    const last = batchOf<string, Sku>(3, [['IT/1', { name: 'camicia' }]])
    await former.write(last)
    await next.write(last)
    expect(await ids(index)).toEqual(['DE/1', 'DE/2', 'FR/1', 'IT/1'])

    const place = { connection: url, index, indexVersion: 2 }
    expect([...(await swapAliases(place))].sort()).toEqual([
      `${index}-de-1`,
      `${index}-fr-1`,
      `${index}-it-1`
    ])
    expect(await ids(index)).toEqual(['DE/1', 'FR/1', 'IT/1'])
    expect(await ids(`${index}-de`)).toEqual(['DE/1'])
    // parts that come after it
    await next.write(batchOf(4, [['ES/1', { name: 'camisa' }]]))
    await former.write(batchOf(4, [['PT/1', { name: 'camisa' }]]))
    expect(await ids(index)).toEqual(['DE/1', 'ES/1', 'FR/1', 'IT/1'])
    await expect(swapAliases({ ...place, indexVersion: 3 })).rejects.toSatisfy((e) =>
      hasCode(e, 'CONFIG_INVALID')
    )
  })

  it('sends again what a busy server turned away, and gives up for the moment if it stays so', async () => {
    const busy = new ThrottlingServer(url)
    const one = await sink({ connection: await busy.listen() })
    try {
      busy.first = 2
      expect(await one.write(skus)).toEqual([])
      expect(busy.bulks).toBe(3)
      expect(await ids(index)).toEqual(['DE/1', 'DE/2', 'FR/1'])
      const later = batchOf<string, Sku>(3, [['DE/3', { name: 'Hut' }]])
      busy.whole = 1
      await expect(one.write(later)).rejects.toSatisfy((error) => hasCode(error, 'SINK_UNAVAILABLE'))
      busy.first = 4
      await expect(one.write(later)).rejects.toSatisfy((error) => hasCode(error, 'SINK_UNAVAILABLE'))
      expect(await one.write(later)).toEqual([])
      expect(await ids(index)).toEqual(['DE/1', 'DE/2', 'DE/3', 'FR/1'])
    } finally {
      await busy.close()
    }
  })
})
