import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { foodmartBuckets } from '../../../bin/foodmart/foodmart-files.ts'
import { RetailApp } from '../../../bin/retail-app.ts'
import { retailSinks } from '../../../bin/retail-sinks.ts'
import {
  KafkaStreams,
  migrate,
  PlatformaticClient,
  partitionName,
  SinkTask,
  silentLogger,
  topic
} from '../../../index.ts'
import { Ingest, type IngestOptions } from '../../../ingest/ingest.ts'
import { ObjectStore } from '../../../ingest/object-store.ts'
import { parseSales } from '../../../processors/retail/parse-sale.ts'
import { retailMigrations } from '../../../sinks/retail/migrations/index.ts'
import { retailTopology } from '../../../topology/retail/index.ts'
import * as topics from '../../../topology/retail/topics.ts'
import type { Figures } from '../case.ts'
import { Cost } from '../cpu.ts'
import { eachSalesChunk, type SalesChunk } from './sales-files.ts'

export interface StageSettings {
  readonly stage: keyof typeof stages
  /** The sink's name, for that stage. */
  readonly sink?: string
  readonly brokers: readonly string[]
  readonly endpoint: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly databaseUrl: string
  readonly elasticsearchUrl: string
  /** Of all sales files in FoodMart's buckets. */
  readonly rows: number
}

type Services = Omit<StageSettings, 'stage'>

/** The whole system; a commit interval under load and one for its end, as `npm start` has them. */
const commitIntervalMs = 2_000
const pollMs = 20

/**
 * One stage of FoodMart's sales on their way, with nothing behind it. `all` is all of them at once and must come first: it leaves the topics that
 * the graph and the sinks read when they run alone.
 */
const stages = {
  async all(services: Services, directory: string): Promise<Figures> {
    const { databaseUrl, elasticsearchUrl, rows } = services
    const app = new RetailApp({
      kafka: kafkaOf(services),
      databaseUrl,
      elasticsearchUrl,
      stateDirectory: directory,
      commitIntervalMs,
      logger: silentLogger,
      onRestore: () => {}
    })
    const ingest = ingestOf(services, directory)
    const failed = Promise.race([app.failed, ingest.failed])
    failed.catch(() => {})
    try {
      await app.start()
      await ingest.start()
      await until(() => app.isRunning())
      const cost = new Cost()
      await ingest.scan()
      const done = async () => {
        const [read, settled] = [await ingest.isFinished(), app.isSettled()]
        const graph = await app.graphLag()
        return read && settled && graph.records === 0 && (await app.sinkLag()).records === 0
      }
      await Promise.race([failed, until(done)])
      return perSecond(cost, rows)
    } finally {
      await ingest.close({ leaveGroup: true })
      await app.close()
    }
  },

  async readAndSplit(services: Services): Promise<Figures> {
    const cost = new Cost()
    let rows = 0
    await eachSalesChunk(storeOf(services), (chunk) => {
      rows += chunk.rows
    })
    return perSecond(cost, expected(rows, services))
  },

  async parse(services: Services): Promise<Figures> {
    const chunks: SalesChunk[] = []
    await eachSalesChunk(storeOf(services), (chunk) => chunks.push(chunk))
    let rows = 0
    const count = () => {
      rows++
    }
    const cost = new Cost()
    for (const { info, content } of chunks)
      parseSales(content.toString('utf8'), info, { sale: count, rejected: count })
    return perSecond(cost, expected(rows, services))
  },

  async ingest(services: Services, directory: string): Promise<Figures> {
    const own = `bench-${process.pid}`
    const ingest = ingestOf(services, directory, {
      applicationId: own,
      topics: {
        ...topics,
        rawCsv: topic(`${own}-raw-csv`, topics.rawCsv),
        fileEvents: topic(`${own}-file-events`, topics.fileEvents)
      }
    })
    try {
      await ingest.start()
      await until(() => ingest.isFinished())
      const cost = new Cost()
      await ingest.scan()
      await Promise.race([ingest.failed, until(() => ingest.isFinished())])
      return perSecond(cost, services.rows)
    } finally {
      await ingest.close({ leaveGroup: true })
    }
  },

  async graph(services: Services, directory: string): Promise<Figures> {
    const streams = new KafkaStreams(retailTopology(), {
      applicationId: `bench-${process.pid}`,
      kafka: kafkaOf(services),
      stateDirectory: directory,
      processingGuarantee: 'exactly_once_v2',
      commitIntervalMs,
      idleCommitIntervalMs: 500,
      cacheMaxBytes: 256 * 1024 * 1024
    })
    const failed = streams.finished.then(() => {})
    failed.catch(() => {})
    try {
      const cost = new Cost()
      await streams.start()
      const done = async () => streams.state === 'RUNNING' && (await streams.lag()).records === 0
      await Promise.race([failed, until(done)])
      // what one task has committed may be another's next
      await setTimeout(commitIntervalMs)
      await Promise.race([failed, until(done)])
      return perSecond(cost, services.rows)
    } finally {
      await streams.close({ leaveGroup: true })
    }
  },

  async sink(services: Services): Promise<Figures> {
    const one = retailSinks.find(({ name }) => name === services.sink)
    if (one === undefined) throw new Error(`there is no sink ${services.sink}`)
    const { databaseUrl, elasticsearchUrl } = services
    const own = `bench_${process.pid}`
    const postgres = { connectionString: databaseUrl, options: `-c search_path=${own}`, max: 2 }
    const pool = new pg.Pool(postgres)
    await pool.query(`CREATE SCHEMA ${own}`)
    try {
      await migrate(pool, retailMigrations)
      const records = new Map<string, number>()
      for (const { name } of one.topics)
        for (const [partition, end] of await recordsOf(services, name)) records.set(partition, end)
      const places = { postgres, elasticsearch: elasticsearchUrl, searchIndex: `bench-${process.pid}` }
      const task = new SinkTask<string, never>({
        client: kafkaOf(services),
        groupId: own,
        instanceId: 'bench',
        topics: one.topics,
        sink: one.open(own, places)
      })
      const failed = task.failed.then((error) => Promise.reject(error))
      failed.catch(() => {})
      const cost = new Cost()
      await task.start()
      const lag = () => {
        const { partitions } = task.progress()
        return [...records].some(([name, end]) => (partitions.get(name)?.position ?? 0) < end)
      }
      await Promise.race([failed, until(() => !lag())])
      const { written } = task.progress()
      const figures = perSecond(cost, written)
      await task.close({ leave: true })
      return figures
    } finally {
      await pool.query(`DROP SCHEMA ${own} CASCADE`)
      await pool.end()
    }
  }
} as const

export async function runStage({ stage, ...services }: StageSettings): Promise<Figures> {
  process.env.NODE_ENV = 'production'
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-bench-stage-'))
  try {
    return await stages[stage](services, directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function kafkaOf({ brokers }: Services): PlatformaticClient {
  return new PlatformaticClient({ brokers: [...brokers] })
}

function storeOf({ endpoint, credentials }: Services): ObjectStore {
  return new ObjectStore({ endpoint, credentials })
}

function ingestOf(services: Services, stateDirectory: string, own: Partial<IngestOptions> = {}): Ingest {
  return new Ingest({
    kafka: kafkaOf(services),
    objectStore: storeOf(services),
    buckets: foodmartBuckets,
    topics,
    stateDirectory,
    ...own
  })
}

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await setTimeout(pollMs)
}

/** The ends of the topic's partitions that hold anything. */
async function recordsOf(services: Services, name: string): Promise<ReadonlyMap<string, number>> {
  const admin = kafkaOf(services).admin('bench')
  try {
    const { partitions = 0 } = (await admin.describeTopics([name])).get(name) ?? {}
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition }))
    const ends = await admin.listOffsets(all, 'latest')
    return new Map(
      all.map(({ partition }) => partitionName(name, partition)).map((one) => [one, ends.get(one) ?? 0])
    )
  } finally {
    await admin.close()
  }
}

function expected(rows: number, services: Services): number {
  if (rows !== services.rows) throw new Error(`${rows} rows were found, not ${services.rows}`)
  return rows
}

function perSecond(cost: Cost, rows: number): Figures {
  const figures = cost.of(rows)
  return {
    rows,
    rowsPerSecond: 1e6 / (figures['seconds/M'] as number),
    'CPU µs/row': figures['CPU µs/record'] as number
  }
}
