import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import {
  GrowableBytes,
  type Headers,
  KafkaStreams,
  noHeaders,
  partitionForKey,
  type RestoreProgress,
  type StreamsConfig,
  type Topic,
  type Topology
} from '../../index.ts'
import { MemoryBroker, type MemoryRecord } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'

export interface Row<K, V> {
  readonly key: K | null
  readonly value: V | null
  readonly timestamp: number
  readonly headers?: Headers
}

/** An application over a broker in memory, with state on disk: started, stopped, started again. */
export class MemoryApp {
  readonly broker = new MemoryBroker()
  readonly client = new MemoryClient(this.broker)
  readonly applicationId: string
  readonly log: string[] = []
  /** What each restore of a store came to, in order. */
  readonly restores: RestoreProgress[] = []
  readonly stateDirectory: string
  readonly #running = new Set<KafkaStreams>()

  private constructor(stateDirectory: string, applicationId: string) {
    this.stateDirectory = stateDirectory
    this.applicationId = applicationId
  }

  static async create(applicationId = 'app'): Promise<MemoryApp> {
    return new MemoryApp(await mkdtemp(join(tmpdir(), 'store-sku-memory-')), applicationId)
  }

  /** What runs processes nothing more; what is started after it does. */
  pause(): void {
    for (const streams of this.#running) streams.pause()
  }

  /** Closes what runs, whatever became of it, and deletes the state. */
  async dispose(): Promise<void> {
    for (const streams of this.#running) await streams.close().catch(() => undefined)
    await this.deleteState()
  }

  async deleteState(): Promise<void> {
    await rm(this.stateDirectory, { recursive: true, force: true })
  }

  /** Writes records, each to its key's partition. */
  async write<K, V>(topic: Topic<K, V>, rows: readonly Row<K, V>[]): Promise<void> {
    this.broker.createTopicSync(topic.name, topic.partitions, { 'cleanup.policy': topic.cleanupPolicy })
    const producer = await this.client.producer({ clientId: 'writer' })
    const target = await producer.topic(topic.name)
    const scratch = new GrowableBytes()
    for (const { key, value, timestamp, headers = noHeaders } of rows) {
      const end = key === null ? 0 : topic.key.encode(key, scratch, 0)
      const partition = key === null ? 0 : partitionForKey(scratch.buffer, 0, end, target.partitions)
      const bytes = key === null ? null : scratch.buffer
      target.append(partition, bytes, 0, end, topic.value, value, timestamp, headers)
    }
    await producer.flush()
    await producer.close()
  }

  async start(topology: Topology, config: Partial<StreamsConfig> = {}): Promise<KafkaStreams> {
    const log = (text: string) => void this.log.push(text)
    const streams = new KafkaStreams(topology, {
      applicationId: this.applicationId,
      kafka: this.client,
      stateDirectory: this.stateDirectory,
      processingGuarantee: 'exactly_once_v2',
      minFreeDiskBytes: 0,
      logger: { info: log, warn: log, error: log },
      onRestore: (progress) => {
        if (progress.done) this.restores.push(progress)
      },
      ...config
    })
    this.#running.add(streams)
    await streams.start()
    return streams
  }

  /** Resolves when all input is processed and committed; rejects when the application ends before. */
  async caughtUp(streams: KafkaStreams): Promise<void> {
    await this.until(streams, async () => streams.state === 'RUNNING' && (await streams.lag()).records === 0)
  }

  /** Resolves when the condition holds; rejects when the application ends before. */
  async until(streams: KafkaStreams, condition: () => boolean | Promise<boolean>): Promise<void> {
    for (;;) {
      if (streams.state === 'ERROR') await streams.finished
      if (await condition()) return
      await setTimeout(5)
    }
  }

  /** The committed records of a topic, decoded: partition after partition. */
  read<K, V>(topic: Topic<K, V>): (MemoryRecord & { readonly decoded: Row<K, V> })[] {
    if (this.broker.findTopic(topic.name) === undefined) return []
    return this.broker.readAll(topic.name).map((record) => {
      const { key, value, timestamp } = record
      const decoded = {
        key: key === null ? null : topic.key.decode(key, 0, key.length),
        value: value === null ? null : topic.value.decode(value, 0, value.length),
        timestamp
      }
      return { ...record, decoded }
    })
  }
}
