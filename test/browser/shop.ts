import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { choosePort } from '../../deploy/local/ports.ts'
import {
  bytes,
  GrowableBytes,
  noHeaders,
  PlatformaticClient,
  partitionForKey,
  type Topic,
  topic
} from '../../index.ts'
import { server } from '../sinks/servers.ts'
import { type Sale, shopTopics } from './shop-graph.ts'

const topics = shopTopics()
const regions = ['north', 'south', 'east', 'west']
const stores = 240
/** As sales, but with whatever for a value. */
const anything = topic('sales', { key: topics.sales.key, value: bytes(), partitions: 6 })

export interface ShopReplica {
  readonly port: number
  readonly child: ChildProcess
}

/** The shop's application on a real broker: its replicas are processes. */
export class Shop {
  readonly token = 'a token for the live graph'
  readonly #application = `shop-${Date.now().toString(36)}`
  readonly #brokers = server('KAFKA_BROKERS')
  readonly #client = new PlatformaticClient({ brokers: this.#brokers.split(',') })
  readonly #directories: string[] = []
  readonly #children = new Set<ChildProcess>()
  #sold = 0

  async open(): Promise<void> {
    const admin = this.#client.admin('shop')
    await admin.createTopics(
      Object.values(topics).map(({ name, partitions, cleanupPolicy }) => ({
        name,
        partitions,
        configs: { 'cleanup.policy': cleanupPolicy, 'retention.ms': '-1' }
      }))
    )
    await admin.close()
    await this.#write(topics.stores, stores, (n) => ({
      key: `store-${n}`,
      value: { region: regions[n % regions.length] ?? 'north' }
    }))
  }

  /** One more replica, with a state directory of its own. It has begun to listen, not more. */
  async replica(): Promise<ShopReplica> {
    const directory = await mkdtemp(join(tmpdir(), 'store-sku-shop-'))
    this.#directories.push(directory)
    const port = await choosePort()
    const args = [this.#brokers, this.#application, directory, String(port), this.token]
    const child = fork(join(import.meta.dirname, 'shop-replica.ts'), args)
    this.#children.add(child)
    for (let tries = 0; tries < 600; tries++) {
      if (child.exitCode !== null) break
      if (await listens(port)) return { port, child }
      await setTimeout(100)
    }
    throw new Error('the replica does not listen')
  }

  /** So many sales, each of a SKU of its own until there are 60,000. */
  async sell(count: number): Promise<void> {
    const from = this.#sold
    this.#sold += count
    await this.#write(topics.sales, count, (n): { key: string; value: Sale } => {
      const store = `store-${(from + n) % stores}`
      // long names make a changelog that takes several fetches
      const sku = `sku-${(from + n) % 60_000}`.padEnd(240, '.')
      return { key: store, value: { store, sku, units: 1, cents: 199 } }
    })
  }

  /** Records that are no sales. */
  async spoil(count: number): Promise<void> {
    await this.#write(anything, count, () => ({ key: 'store-1', value: Buffer.from('no sale') }))
  }

  /** Has it commit, give its place up and end. */
  async end({ child }: ShopReplica): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.send('end')
    await ended
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const directory of this.#directories) await rm(directory, { recursive: true, force: true })
  }

  async #write<K, V>(
    to: Topic<K, V>,
    count: number,
    make: (n: number) => { readonly key: K; readonly value: V }
  ): Promise<void> {
    const producer = await this.#client.producer({ clientId: 'shop' })
    const target = await producer.topic(to.name)
    const scratch = new GrowableBytes()
    for (let n = 0; n < count; n++) {
      const { key, value } = make(n)
      const end = to.key.encode(key, scratch, 0)
      const partition = partitionForKey(scratch.buffer, 0, end, target.partitions)
      target.append(partition, scratch.buffer, 0, end, to.value, value, Date.now(), noHeaders)
      if (n % 5_000 === 4_999) await producer.flush()
    }
    await producer.flush()
    await producer.close()
  }
}

async function listens(port: number): Promise<boolean> {
  try {
    const { status } = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2_000) })
    return status > 0
  } catch {
    return false
  }
}
