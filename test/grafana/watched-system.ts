import { setTimeout } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { skuReturns } from '../../docs/examples/sku-returns.ts'
import {
  ApplicationServer,
  bytes,
  type KafkaStreams,
  kafkaClientMetrics,
  PlatformaticClient,
  type Sink,
  SinkMetrics,
  SinkTask,
  StreamsError,
  string,
  type Topic,
  topic
} from '../../index.ts'
import { Ingest } from '../../ingest/ingest.ts'
import { ingestMetrics } from '../../ingest/ingest-metrics.ts'
import { ObjectStore } from '../../ingest/object-store.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import type { LineItem } from '../../processors/retail/model.ts'
import { financeGauges } from '../../sinks/retail/finance-gauges.ts'
import { forecastGauges } from '../../sinks/retail/forecast-gauges.ts'
import { analysisGauge } from '../../sinks/retail/own-analysis.ts'
import { retailTopology } from '../../topology/retail/index.ts'
import * as topics from '../../topology/retail/topics.ts'
import { credentials, header } from '../ingest/ingest-fixture.ts'
import { MemoryApp } from '../runtime/memory-app.ts'
import { keyed, wordTopics } from '../runtime/word-counts.ts'
import { server } from '../sinks/servers.ts'

const deadLetters = topic('retail.dead-letters.sinks', { key: string(), value: bytes() })

/** Refuses one record, and is away for its first two batches. */
function flakySink(): Sink<string, LineItem> {
  let away = 2
  let refused = false
  return {
    name: 'flaky',
    open: async () => undefined,
    async write({ records }) {
      if (away-- > 0) throw new StreamsError('SINK_UNAVAILABLE', 'it is away')
      const [record] = records
      if (refused || record === undefined) return []
      refused = true
      return [{ record, reason: 'it is refused' }]
    },
    close: async () => undefined
  }
}

/**
 * The retail system on a broker in memory: ingest from a real object store, the graph, sinks, of which one is away at first; beside it a small
 * application of two processes with copies, one of whose tasks is rebuilt. All is shown by one server.
 */
export class WatchedSystem {
  readonly #closers: (() => Promise<unknown>)[] = []
  readonly #apps: MemoryApp[] = []
  readonly #bucket = `watch-${Date.now().toString(36)}-us`
  readonly #store = new ObjectStore({ endpoint: server('S3_ENDPOINT'), credentials })
  readonly #registry = new Registry()
  #port = 0
  #months = 0
  #ingest: Ingest | undefined

  get target(): string {
    return `127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    const retail = await this.#app('retail')
    for (const one of [...Object.values(topics), deadLetters, skuReturns.topic] as Topic<unknown, unknown>[])
      retail.broker.createTopicSync(one.name, one.partitions, { 'cleanup.policy': one.cleanupPolicy })
    await this.#store.ensureBucket(this.#bucket)
    await this.#store.put(
      this.#bucket,
      'reference/stores.csv',
      'store_id,name,city,region,category,chain\n1,First,Salem,OR,individual,\n'
    )
    await this.#store.put(
      this.#bucket,
      'reference/products.csv',
      'sku,name,brand,category,subcategory,list_price\n100,Tea,Leaf,Drinks,Tea,1.9900\n'
    )
    this.#ingest = new Ingest({
      kafka: new MemoryClient(retail.broker),
      objectStore: this.#store,
      buckets: [{ bucket: this.#bucket, country: 'US', currency: 'USD', timeZone: 'America/Los_Angeles' }],
      topics,
      stateDirectory: `${retail.stateDirectory}/ingest`,
      archive: `${this.#bucket}-archive`,
      sessionTimeoutMs: 6_000
    })
    ingestMetrics(this.#ingest, this.#registry)
    await this.#ingest.start()
    this.#closers.unshift(() => this.#ingest?.close({ leaveGroup: true }) ?? Promise.resolve())
    const graph = await retail.start(retailTopology({ analyses: [skuReturns.build] }), {
      commitIntervalMs: 200
    })
    const sinkMetrics = new SinkMetrics(this.#registry)
    await this.#sink(retail, sinkMetrics, [topics.profitAndLoss], financeGauges('finance', this.#registry))
    const projections = [topics.storeProjections, topics.categoryProjections]
    await this.#sink(retail, sinkMetrics, projections, forecastGauges('forecasts', this.#registry))
    const figures = analysisGauge(this.#registry)('figures', skuReturns)
    await this.#sink(retail, sinkMetrics, [skuReturns.topic], figures)
    await this.#sink(retail, sinkMetrics, [topics.lineItems], flakySink())
    const words = await this.#words()
    await this.#askRealBrokers()
    const web = new ApplicationServer({
      applications: [graph, this.#ingest.application, words],
      registries: [this.#registry]
    })
    this.#port = await web.listen(0)
    this.#closers.unshift(() => web.close())
  }

  /** Further months of sales and returns, with a row that is none in each. */
  async sell(months: number): Promise<void> {
    for (let sold = 0; sold < months; sold++) await this.#sellMonth()
    await this.#ingest?.scan()
  }

  async #sellMonth(): Promise<void> {
    const month = String((this.#months++ % 12) + 1).padStart(2, '0')
    const row = (day: number, units: number) =>
      `1997-${month}-${String(day).padStart(2, '0')},1,100,c,0,${units},${units * 1.5},0.5100\n`
    const days = Array.from({ length: 28 }, (_, day) => row(day + 1, 2))
    await this.#store.put(
      this.#bucket,
      `1/1997-${month}-${this.#months}.csv`,
      `${header}\n${days.join('')}${row(3, -1)}short\n`
    )
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close()
    for (const app of this.#apps) await app.dispose()
    this.#store.close()
  }

  async #app(name: string): Promise<MemoryApp> {
    const app = await MemoryApp.create(name)
    this.#apps.push(app)
    return app
  }

  async #sink<V>(
    app: MemoryApp,
    metrics: SinkMetrics,
    sources: readonly Topic<string, V>[],
    sink: Sink<string, V>
  ): Promise<void> {
    const producer = await app.client.producer({ clientId: `${sink.name}-dead-letters` })
    const task = new SinkTask({
      client: app.client,
      groupId: `sink-${sink.name}`,
      instanceId: sink.name,
      topics: sources,
      sink,
      deadLetters: { topic: deadLetters.name, producer }
    })
    await task.start()
    metrics.watch(sink.name, task)
    this.#closers.unshift(
      () => task.close(),
      () => producer.close()
    )
  }

  /** Each key is counted in one of two processes, and the other has a copy. */
  async #words(): Promise<KafkaStreams> {
    const app = await this.#app('words')
    const { words } = wordTopics('')
    await app.write(
      words,
      Array.from({ length: 400 }, (_, n) => ({ key: `k${n % 40}`, value: 'w', timestamp: Date.now() }))
    )
    const start = (name: string) =>
      app.start(keyed(), {
        stateDirectory: `${app.stateDirectory}/${name}`,
        numStandbyReplicas: 1,
        commitIntervalMs: 100,
        sessionTimeoutMs: 6_000
      })
    const [one] = [await start('one'), await start('two')]
    const active = () => one.tasks().find(({ role, running }) => role === 'active' && running)
    await app.until(
      one,
      () => active() !== undefined && one.tasks().some(({ role, lag }) => role === 'standby' && lag === 0)
    )
    await app.caughtUp(one)
    await one.rebuildTask(active()?.id ?? '')
    return one
  }

  async #askRealBrokers(): Promise<void> {
    const kafka = new PlatformaticClient({
      brokers: server('KAFKA_BROKERS').split(','),
      metrics: kafkaClientMetrics(this.#registry)
    })
    const admin = kafka.admin('watch')
    const timer = setInterval(() => void admin.describeTopics(['none']).catch(() => undefined), 500)
    this.#closers.unshift(async () => {
      clearInterval(timer)
      await setTimeout(100)
      await admin.close()
    })
  }
}
