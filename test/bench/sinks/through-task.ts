import { setTimeout } from 'node:timers/promises'
import { Client } from '@elastic/elasticsearch'
import { json } from '../../../core/serdes/json.ts'
import { string } from '../../../core/serdes/string.ts'
import { topic } from '../../../core/topic.ts'
import { PlatformaticClient } from '../../../kafka/platformatic/client.ts'
import { SkuSales } from '../../../processors/retail/ledgers.ts'
import { LineItem } from '../../../processors/retail/model.ts'
import { SinkTask } from '../../../runtime/sink-task.ts'
import { elasticsearchSink } from '../../../sinks/elasticsearch/elasticsearch-sink.ts'
import { postgresSink } from '../../../sinks/postgres/postgres-sink.ts'
import { skuIndex } from '../../../sinks/retail/sku-index.ts'
import { lineItemsTable } from '../../../sinks/retail/tables.ts'
import type { Sink } from '../../../sinks/sink.ts'
import type { Figures } from '../case.ts'
import { Cost } from '../cpu.ts'
import { patiently } from './patiently.ts'
import { withSchema } from './schema.ts'

export interface ThroughTaskSettings {
  readonly brokers: readonly string[]
  readonly url: string
  readonly into: 'postgres' | 'elasticsearch'
  readonly topic: string
  readonly rows: number
  readonly batch: number
}

/** From a topic of one partition into the sink, by a sink task: fetching, decoding, mapping, encoding and sending. */
export function throughTask(settings: ThroughTaskSettings): Promise<Figures> {
  const { into, rows, url } = settings
  if (into === 'postgres')
    return withSchema(url, rows, (connection) => {
      const sink = postgresSink<string, LineItem>({ name: 'bench', connection, tables: [lineItemsTable] })
      return carry(settings, json(LineItem), sink)
    })
  return intoElasticsearch(settings)
}

async function intoElasticsearch(settings: ThroughTaskSettings): Promise<Figures> {
  const { url } = settings
  const index = `bench-task-${process.pid}`
  const generationsIndex = `${index}generations`
  const sink = elasticsearchSink<string, SkuSales>({
    ...skuIndex,
    name: 'bench',
    connection: url,
    index,
    generationsIndex
  })
  try {
    return await carry(settings, json(SkuSales), sink)
  } finally {
    const client = new Client({ node: url })
    // one for each country
    const made = Object.keys(await patiently(() => client.indices.get({ index: `${index}-*` })))
    await patiently(() => client.indices.delete({ index: [...made, generationsIndex] }))
    await patiently(() => client.indices.deleteIndexTemplate({ name: `${index}-1` }))
    await client.close()
  }
}

async function carry<V>(
  { brokers, topic: name, rows, batch }: ThroughTaskSettings,
  value: ReturnType<typeof json<unknown, V>>,
  sink: Sink<string, V>
): Promise<Figures> {
  const task = new SinkTask<string, V>({
    client: new PlatformaticClient({ brokers: [...brokers] }),
    groupId: `${name}-${process.pid}`,
    instanceId: 'bench',
    topics: [topic(name, { key: string(), value })],
    sink,
    batchRecords: batch
  })
  let failure: Error | undefined
  void task.failed.then((error) => {
    failure = error
  })
  await task.start()
  const cost = new Cost()
  while (task.progress().written < rows) {
    if (failure !== undefined) throw failure
    await setTimeout(2)
  }
  const figures = cost.of(rows)
  await task.close({ leave: true })
  return { rowsPerSecond: 1e6 / (figures['seconds/M'] as number), ...figures }
}
