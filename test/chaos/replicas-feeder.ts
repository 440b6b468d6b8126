import { randomBytes } from 'node:crypto'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import {
  GrowableBytes,
  type KafkaClient,
  noHeaders,
  type Producer,
  type ProducerTopic,
  partitionForKey,
  type Topic
} from '../../index.ts'
import type { Random } from './random.ts'
import { accountCount, replicaTopics, windowMs } from './replicas-graph.ts'

const tickMs = 100
const ballastBytes = 1_024
/** Event time of the first event, and from one to the next. */
const beginMs = 1_700_000_000_000
const stepMs = 20

/** What the stores must hold in the end: sorted lines of JSON by store. */
export type StoreLines = Readonly<Record<'accounts' | 'totals' | 'traffic', readonly string[]>>

/** Writes events at a steady rate until it is stopped, and keeps the books. */
export class ReplicasFeeder {
  readonly #client: KafkaClient
  readonly #topics: ReturnType<typeof replicaTopics>
  readonly #random: Random
  readonly #scratch = new GrowableBytes()
  readonly #totals = new Map<string, { count: number; cents: number; weighted: number }>()
  readonly #traffic = new Map<string, { count: number; cents: number }>()
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  written = 0

  constructor(client: KafkaClient, prefix: string, partitions: number, random: Random) {
    this.#client = client
    this.#topics = replicaTopics(prefix, partitions)
    this.#random = random
  }

  /** Makes the topics and writes the accounts. */
  async prepare(): Promise<void> {
    const { enriched, totals, events, accounts } = this.#topics
    const admin = this.#client.admin('chaos-feeder')
    await admin.createTopics(
      [events, accounts, enriched, totals].map(({ name, partitions, cleanupPolicy }) => {
        return { name, partitions, configs: { 'cleanup.policy': cleanupPolicy, 'retention.ms': '-1' } }
      })
    )
    await admin.close()
    const producer = await this.#client.producer({ clientId: 'chaos-feeder' })
    const target = await producer.topic(accounts.name)
    for (let account = 0; account < accountCount; account++)
      this.#append(target, accounts, `a${account}`, { rate: rateOf(account) }, 0)
    await producer.flush()
    await producer.close()
  }

  /** Writes further accounts, of 1 KiB each, that no event asks for: state that somebody must copy. */
  async writeBallast(accounts: number): Promise<void> {
    const producer = await this.#client.producer({ clientId: 'chaos-feeder' })
    const target = await producer.topic(this.#topics.accounts.name)
    for (let n = 0; n < accounts; n++) {
      if (!producer.hasRoom()) await producer.room()
      // hexadecimal digits, which no compression makes go away
      const note = randomBytes(ballastBytes / 2).toString('hex')
      this.#append(target, this.#topics.accounts, `ballast${n}`, { rate: 0, note }, 0)
    }
    await producer.flush()
    await producer.close()
  }

  /** Writes so many events at once. */
  async write(events: number): Promise<void> {
    const producer = await this.#client.producer({ clientId: 'chaos-feeder' })
    const target = await producer.topic(this.#topics.events.name)
    for (let n = 0; n < events; n++) {
      await this.#write(producer, target)
      if (n % 1_000 === 0) await setImmediate()
    }
    await producer.flush()
    await producer.close()
  }

  /** @param onFailure told what ended it before `stop` */
  start(eventsPerSecond: number, onFailure: (error: Error) => void): void {
    this.#running = this.#run(eventsPerSecond)
    this.#running.catch(onFailure)
  }

  /** Resolves when all that was counted is written. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Events of an account that are written, or on their way. */
  countOf(account: number): number {
    return this.#totals.get(`a${account}`)?.count ?? 0
  }

  expected(): StoreLines {
    const accounts = Array.from({ length: accountCount }, (_, account) =>
      JSON.stringify([`a${account}`, { rate: rateOf(account) }])
    )
    const totals = [...this.#totals].map((row) => JSON.stringify(row))
    const traffic = [...this.#traffic].map((row) => JSON.stringify(row))
    return { accounts: accounts.sort(), totals: totals.sort(), traffic: traffic.sort() }
  }

  async #run(eventsPerSecond: number): Promise<void> {
    const producer = await this.#client.producer({ clientId: 'chaos-feeder' })
    const target = await producer.topic(this.#topics.events.name)
    const began = performance.now()
    const before = this.written
    while (!this.#stop.signal.aborted) {
      const due = before + ((performance.now() - began) * eventsPerSecond) / 1000
      while (this.written < due && !this.#stop.signal.aborted) await this.#write(producer, target)
      await sleep(tickMs)
    }
    await producer.flush()
    await producer.close()
  }

  async #write(producer: Producer, target: ProducerTopic): Promise<void> {
    const n = this.written++
    const account = this.#random.below(accountCount)
    const cents = this.#random.below(10_000)
    const timestamp = beginMs + n * stepMs
    this.#append(target, this.#topics.events, `e${n}`, { n, account: `a${account}`, cents }, timestamp)
    const total = this.#totals.get(`a${account}`) ?? { count: 0, cents: 0, weighted: 0 }
    total.count++
    total.cents += cents
    total.weighted += cents * rateOf(account)
    this.#totals.set(`a${account}`, total)
    const window = `a${account}@${timestamp - (timestamp % windowMs)}`
    const traffic = this.#traffic.get(window) ?? { count: 0, cents: 0 }
    traffic.count++
    traffic.cents += cents
    this.#traffic.set(window, traffic)
    if (!producer.hasRoom()) await producer.room()
  }

  #append<V>(target: ProducerTopic, to: Topic<string, V>, key: string, value: V, timestamp: number): void {
    const end = to.key.encode(key, this.#scratch, 0)
    const partition = partitionForKey(this.#scratch.buffer, 0, end, target.partitions)
    target.append(partition, this.#scratch.buffer, 0, end, to.value, value, timestamp, noHeaders)
  }
}

/** Every total is its cents times this. */
export function rateOf(account: number): number {
  return 1 + (account % 17)
}
