import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noHeaders } from '../../../core/record.ts'
import type { Serde } from '../../../core/serde.ts'
import { json } from '../../../core/serdes/json.ts'
import { startServices, stopServices } from '../../../deploy/local/services.ts'
import { PlatformaticClient } from '../../../kafka/platformatic/client.ts'
import { SkuSales } from '../../../processors/retail/ledgers.ts'
import { LineItem } from '../../../processors/retail/model.ts'
import type { BenchCase, Suite } from '../case.ts'
import { deleteTopics, topicName } from '../kafka/bench-topic.ts'
import type { ElasticsearchLimitSettings } from './elasticsearch-limit.ts'
import type { PostgresLimitSettings } from './postgres-limit.ts'
import { lineItem, lineItemKey, skuSales } from './records.ts'
import type { ThroughTaskSettings } from './through-task.ts'

const mostRows = 200_000

/** What PostgreSQL and Elasticsearch take from bulk calls with nothing in front, and what a sink task brings them. */
export const sinks: Suite = {
  title: 'Rows into PostgreSQL and documents into Elasticsearch',
  async prepare({ records, report }) {
    const directory = await mkdtemp(join(tmpdir(), 'store-sku-bench-'))
    let clean = async (): Promise<void> => {}
    const close = async (): Promise<void> => {
      await clean()
      await stopServices(directory, { wipe: true })
      await rm(directory, { recursive: true, force: true })
    }
    try {
      const { databaseUrl, elasticsearchUrl, kafkaBrokers } = await startServices({
        directory,
        only: ['kafka', 'postgres', 'elasticsearch'],
        onProgress: report
      })
      const rows = Math.min(records, mostRows)
      const brokers = kafkaBrokers.split(',')
      const items = await fill(brokers, 'line-items', rows, json(LineItem), (i) => {
        const item = lineItem(i)
        return [lineItemKey(item), item]
      })
      const skus = await fill(brokers, 'skus', rows, json(SkuSales), skuSales)
      // a broker that the environment names stays
      clean = () => deleteTopics({ brokers }, [items, skus])
      const cases: BenchCase[] = []
      for (const batch of [500, 5000]) {
        const into = (group: string, name: string, program: string, settings: Settings): void => {
          cases.push({ group: `${group}, batches of ${batch}`, name, program, settings })
        }
        const rowsInto = 'partitioned line items into PostgreSQL'
        const limit = { url: databaseUrl, rows, batch }
        into(rowsInto, 'the limit (unnest)', 'postgres-limit', { ...limit, by: 'unnest' })
        into(rowsInto, 'the limit (COPY)', 'postgres-limit', { ...limit, by: 'copy' })
        into(rowsInto, 'sink task', 'through-task', { ...limit, brokers, topic: items, into: 'postgres' })
        const documentsInto = 'SKU documents into Elasticsearch'
        const most = { url: elasticsearchUrl, rows, batch }
        into(documentsInto, 'the limit (bulk)', 'elasticsearch-limit', most)
        into(documentsInto, 'sink task', 'through-task', {
          ...most,
          brokers,
          topic: skus,
          into: 'elasticsearch'
        })
      }
      return { cases, close }
    } catch (error) {
      await close()
      throw error
    }
  }
}

type Settings = PostgresLimitSettings | ElasticsearchLimitSettings | ThroughTaskSettings

/** A topic of one partition, so that one connection is used as by the limit. */
async function fill<V>(
  brokers: readonly string[],
  purpose: string,
  rows: number,
  value: Serde<V>,
  record: (i: number) => readonly [string, V]
): Promise<string> {
  const client = new PlatformaticClient({ brokers: [...brokers] })
  const name = topicName(purpose)
  const admin = client.admin('bench')
  await admin.createTopics([{ name, partitions: 1, replicas: 1, configs: { 'retention.ms': '-1' } }])
  await admin.close()
  const producer = await client.producer({ clientId: 'bench' })
  const target = await producer.topic(name)
  for (let i = 0; i < rows; i++) {
    const [key, of] = record(i)
    const bytes = Buffer.from(key)
    if (!producer.hasRoom()) await producer.room()
    target.append(0, bytes, 0, bytes.length, value, of, Date.now(), noHeaders)
  }
  await producer.flush()
  await producer.close()
  return name
}
