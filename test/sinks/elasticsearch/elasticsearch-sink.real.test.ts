import { randomUUID } from 'node:crypto'
import { Client } from '@elastic/elasticsearch'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hasCode } from '../../../core/errors.ts'
import { documentVersion } from '../../../sinks/elasticsearch/document-versions.ts'
import {
  type ElasticsearchSinkOptions,
  elasticsearchSink
} from '../../../sinks/elasticsearch/elasticsearch-sink.ts'
import { TopicGenerations } from '../../../sinks/elasticsearch/topic-generations.ts'
import type { Sink } from '../../../sinks/sink.ts'
import { batchOf } from '../batches.ts'
import { server } from '../servers.ts'

interface Sku {
  readonly name: string
  readonly stock: number
}

const url = server('ELASTICSEARCH_URL')
const sku = (stock: number, name = 'shirt'): Sku => ({ name, stock })
const unavailable = (error: unknown): boolean => hasCode(error, 'SINK_UNAVAILABLE')

describe('document versions', () => {
  it('are exact and rise with each life of the topic', () => {
    expect(documentVersion(0, 0)).toBe('1')
    expect(documentVersion(1, 5)).toBe(String(2 ** 44 + 6))
    expect(documentVersion(1000, 7)).toBe(String(1000n * 2n ** 44n + 8n))
    expect(BigInt(documentVersion(3, 2 ** 44 - 1))).toBeLessThanOrEqual(BigInt(documentVersion(4, 0)))
  })
})

describe('Elasticsearch sink', () => {
  const client = new Client({ node: url })
  const sinks: Sink<string, Sku>[] = []
  let index: string
  let generationsIndex: string
  let conflicts: number

  beforeEach(() => {
    index = `skus-${randomUUID()}`
    generationsIndex = `generations-${randomUUID()}`
    conflicts = 0
  })

  afterEach(async () => {
    await Promise.all(sinks.splice(0).map((sink) => sink.close()))
    await client.indices.delete({ index: [`${index}-1`, generationsIndex], ignore_unavailable: true })
    await client.indices.deleteIndexTemplate({ name: `${index}-1` }, { ignore: [404] })
  })

  afterAll(() => client.close())

  function sink(changes: Partial<ElasticsearchSinkOptions<string, Sku>> = {}): Sink<string, Sku> {
    const made = elasticsearchSink<string, Sku>({
      name: 'skus',
      connection: url,
      index,
      generationsIndex,
      mappings: { dynamic: 'strict', properties: { name: { type: 'keyword' }, stock: { type: 'integer' } } },
      id: (key) => key,
      onConflict: (count) => {
        conflicts += count
      },
      ...changes
    })
    sinks.push(made)
    return made
  }

  async function documents(): Promise<unknown[]> {
    await client.indices.refresh({ index })
    const { hits } = await client.search<Sku>({ index, sort: 'name', version: true, size: 1000 })
    return hits.hits.map((hit) => [hit._id, hit._source?.stock, hit._version]).sort()
  }

  it('makes the index as declared, and adds what is declared later', async () => {
    const one = sink()
    expect(await one.open('sales', 'life-1', 0)).toBeUndefined()
    const made = await client.indices.get({ index })
    expect(Object.keys(made)).toEqual([`${index}-1`])
    expect(made[`${index}-1`]?.settings?.index).toMatchObject({ number_of_replicas: '0', gc_deletes: '1h' })
    const properties = {
      name: { type: 'keyword' },
      stock: { type: 'integer' },
      added: { type: 'date' }
    } as const
    await sink({ mappings: { properties } }).open('sales', 'life-1', 0)
    const now = await client.indices.getMapping({ index })
    expect(now[`${index}-1`]?.mappings.properties).toHaveProperty('added')
    const other = sink({ mappings: { properties: { name: { type: 'integer' } } } })
    await expect(other.open('sales', 'life-1', 0)).rejects.toSatisfy((e) => hasCode(e, 'CONFIG_INVALID'))
  })

  it('sends the last record of a document, under the version of its offset', async () => {
    const one = sink()
    await one.open('sales', 'life-1', 0)
    expect(
      await one.write(
        batchOf(0, [
          ['a', sku(1)],
          ['b', sku(2)],
          ['a', sku(3)]
        ])
      )
    ).toEqual([])
    expect(await documents()).toEqual([
      ['a', 3, 3],
      ['b', 2, 2]
    ])
  })

  it('lets a replay change nothing, and counts it', async () => {
    const one = sink()
    await one.open('sales', 'life-1', 0)
    const first = batchOf<string, Sku>(0, [
      ['a', sku(1)],
      ['b', sku(2)]
    ])
    const second = batchOf<string, Sku>(2, [
      ['a', sku(5)],
      ['b', null]
    ])
    await one.write(first)
    await one.write(second)
    const after = await documents()
    expect(after).toEqual([['a', 5, 3]])
    expect(conflicts).toBe(0)
    expect(await one.write(first)).toEqual([])
    expect(await one.write(second)).toEqual([])
    expect(await documents()).toEqual(after)
    expect(conflicts).toBe(4)
  })

  it('writes over the former life of a topic that was made again', async () => {
    const one = sink()
    await one.open('sales', 'life-1', 0)
    await one.write(batchOf(500, [['a', sku(1)]]))
    await one.open('sales', 'life-2', 0)
    await one.write(batchOf(0, [['a', sku(2)]], 'life-2'))
    expect(await documents()).toEqual([['a', 2, 2 ** 44 + 1]])
    // another process, and a late write of the former life
    const other = sink()
    await other.open('sales', 'life-2', 0)
    await other.write(batchOf(1, [['a', sku(3)]], 'life-2'))
    await other.write(batchOf(900, [['a', sku(4)]], 'life-1'))
    expect(await documents()).toEqual([['a', 3, 2 ** 44 + 2]])
    expect(conflicts).toBe(1)
  })

  it('gives each life one number, however many ask at once', async () => {
    // an index that another process is just making answers "later", which is not what this is about
    await new TopicGenerations(client, generationsIndex).of('others', 'life')
    const lives = Array.from({ length: 6 }, (_, life) => `life-${life}`)
    const answers = await Promise.all(
      [1, 2, 3].flatMap(() => {
        const generations = new TopicGenerations(client, generationsIndex)
        return lives.map(async (life) => [life, await generations.of('sales', life)] as const)
      })
    )
    const numbers = new Map(answers)
    expect([...numbers.values()].sort()).toEqual([0, 1, 2, 3, 4, 5])
    for (const [life, number] of answers) expect(number).toBe(numbers.get(life))
  })

  it('hands back what the index refuses, and keeps what was before it', async () => {
    const one = sink({
      id: (key) => {
        if (key === 'bad') throw new Error('no id for bad')
        return key
      }
    })
    await one.open('sales', 'life-1', 0)
    const rejections = await one.write(
      batchOf<string, Sku>(0, [
        ['a', sku(1)],
        ['b', { name: 'x', stock: 'many' } as unknown as Sku],
        ['c', sku(2)],
        ['c', { name: 'x', stock: 1, colour: 'red' } as unknown as Sku],
        ['bad', sku(3)],
        ['é'.repeat(300), sku(3)],
        ['d', { name: 'x', stock: 1n } as unknown as Sku]
      ])
    )
    expect(rejections.map(({ record, reason }) => [record.offset, reason])).toEqual([
      [1, expect.stringContaining('failed to parse field [stock]')],
      [3, expect.stringContaining('dynamic introduction of [colour]')],
      [4, 'no id for bad'],
      [5, 'an _id has 1 to 512 bytes, not 600'],
      [6, expect.stringContaining('BigInt')]
    ])
    expect(await documents()).toEqual([
      ['a', 1, 1],
      ['c', 2, 3]
    ])
  })

  it('gives the batch back while the index is blocked, and writes it later', async () => {
    const one = sink({ retries: 1 })
    await one.open('sales', 'life-1', 0)
    const batch = batchOf<string, Sku>(0, [['a', sku(1)]])
    await client.indices.putSettings({ index: `${index}-1`, settings: { 'index.blocks.write': true } })
    await expect(one.write(batch)).rejects.toSatisfy(unavailable)
    await client.indices.putSettings({ index: `${index}-1`, settings: { 'index.blocks.write': false } })
    expect(await one.write(batch)).toEqual([])
    expect(await documents()).toEqual([['a', 1, 1]])
  })
})
