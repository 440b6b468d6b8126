import {
  bytes,
  type Headers,
  type KafkaClient,
  noHeaders,
  type Producer,
  type ProducerTopic
} from '../../index.ts'
import { rawChunkHeaders } from '../../processors/retail/raw-chunk.ts'
import { retailTopology } from '../../topology/retail/index.ts'
import { mutated, mutatedJson, randomBytes, wildTexts } from './fuzz-mutate.ts'
import type { Random } from './random.ts'

const raw = bytes()

/** Topics that the graph reads and others write. */
export function sourceTopics(): readonly string[] {
  const topics = retailTopology()
    .describe()
    .subTopologies.flatMap(({ nodes }) =>
      nodes.flatMap((node) => (node.type === 'source' ? node.topics : []))
    )
  return [...new Set(topics)].filter((name) => name.startsWith('retail.')).sort()
}

/** What good records look like, for a country that has no files. */
const good: Readonly<Record<string, { readonly key: string; readonly value: object }>> = {
  'retail.stores': {
    key: 'XX/f1',
    value: { country: 'XX', storeId: 'f1', name: 'n', city: 'c', region: 'r', category: 'chain', chain: null }
  },
  'retail.products': {
    key: 'XX/S100',
    value: {
      country: 'XX',
      sku: 'S100',
      name: 'n',
      brand: 'b',
      category: 'c',
      subcategory: 's',
      listPrice: 10_000,
      unitCost: null
    }
  },
  'retail.promotions': {
    key: 'XX/p',
    value: {
      country: 'XX',
      promotionId: 'p',
      name: 'n',
      media: 'm',
      cost: 1,
      firstDay: '2011-01-01',
      lastDay: null
    }
  },
  'retail.expenses': {
    key: 'XX/f1/rent/2011-01-01',
    value: {
      country: 'XX',
      storeId: 'f1',
      account: 'rent',
      day: '2011-01-01',
      currency: 'XXX',
      amount: 10_000
    }
  },
  'retail.inventory': {
    key: 'XX/f1/S100/2011-01-01',
    value: {
      country: 'XX',
      storeId: 'f1',
      sku: 'S100',
      day: '2011-01-01',
      unitsOrdered: 10_000,
      unitsShipped: 10_000
    }
  },
  'retail.rates': { key: 'XXX', value: { currency: 'XXX', rate: 100_000_000 } },
  'retail.row-counts': {
    key: 'sku-xx/f1/1.csv#1',
    value: { file: 'sku-xx/f1/1.csv', revision: 1, country: 'XX', stage: 'input', rows: 1, net: 1 }
  }
}

/** Topics that are not compacted. */
const keyless: ReadonlySet<string> = new Set(['retail.rates', 'retail.row-counts'])

/** Writes what should not be there to the graph's sources. */
export class FuzzRecords {
  readonly #producer: Producer
  readonly #topics: readonly ProducerTopic[]
  sent = 0

  private constructor(producer: Producer, topics: readonly ProducerTopic[]) {
    this.#producer = producer
    this.#topics = topics
  }

  static async open(kafka: KafkaClient): Promise<FuzzRecords> {
    const producer = await kafka.producer({ clientId: 'fuzz' })
    return new FuzzRecords(producer, await Promise.all(sourceTopics().map((name) => producer.topic(name))))
  }

  async write(random: Random): Promise<void> {
    const topic = random.pick(this.#topics)
    const { key, value, headers } =
      topic.name === 'retail.raw-csv' ? chunk(random) : record(random, topic.name)
    const time = random.chance(0.9) ? Date.now() : random.pick([0, 1, 2 ** 40])
    const partition = random.below(topic.partitions)
    topic.append(partition, key, 0, key?.length ?? 0, raw, value, time, headers)
    await this.#producer.flush()
    this.sent++
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}

interface RawRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}

function record(random: Random, topic: string): RawRecord {
  const like = good[topic]
  if (like === undefined) throw new Error(`there is no example of a record of ${topic}`)
  const text = Buffer.from(mutatedJson(random, like.value))
  return {
    key: keyOf(random, like.key, keyless.has(topic)),
    value: random.chance(0.1) ? null : random.chance(0.2) ? randomBytes(random, random.below(500)) : text,
    headers: random.chance(0.8) ? noHeaders : oddHeaders(random)
  }
}

/** Rows of a file that is in no bucket, with headers that fit, or do not. */
function chunk(random: Random): RawRecord {
  const header = 'sold_at,sku,quantity,amount'
  const rows = Array.from(
    { length: random.below(5) },
    () => `2011-01-01,S${random.below(9)},1,${random.below(99)}.50\n`
  ).join('')
  const headers = rawChunkHeaders({
    file: `sku-xx/f1/${random.below(20)}.csv`,
    etag: 'e',
    revision: 1 + random.below(2),
    sign: random.pick([1, 1, -1]),
    csvHeader: header,
    delimiter: ',',
    firstRow: 1 + random.below(100),
    country: 'XX',
    storeId: 'f1',
    currency: 'XXX',
    timeZone: 'UTC'
  })
  const spoiled = headers.flatMap((one) => {
    if (random.chance(0.02)) return []
    return random.chance(0.03) ? [{ key: one.key, value: Buffer.from(random.pick(wildTexts)) }] : [one]
  })
  const text = Buffer.from(rows)
  return {
    key: keyOf(random, 'XX/f1', true),
    value: random.chance(0.05) ? null : random.chance(0.5) ? mutated(random, text) : text,
    headers: random.chance(0.8) ? spoiled : oddHeaders(random)
  }
}

function keyOf(random: Random, like: string, mayLackKey: boolean): Buffer | null {
  if (random.chance(0.7)) return Buffer.from(like)
  return random.pick([
    // brokers themselves refuse records without a key for topics that are compacted
    () => (mayLackKey ? null : Buffer.from(like)),
    () => Buffer.alloc(0),
    () => randomBytes(random, 20),
    () => mutated(random, Buffer.from(like))
  ])()
}

function oddHeaders(random: Random): Headers {
  return Array.from({ length: random.below(4) }, () => ({
    key: random.pick(['file', 'sign', '__streams.errors.exception', 'x', '']),
    value: random.chance(0.2) ? null : randomBytes(random, random.below(30))
  }))
}
