import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type Header, partitionName } from '../../../core/record.ts'
import { string } from '../../../core/serdes/string.ts'
import { RecordCursor } from '../../../kafka/batch/record-cursor.ts'
import type { Admin } from '../../../kafka/port/admin.ts'
import type { KafkaClient } from '../../../kafka/port/client.ts'
import type { Consumer, ConsumerOptions, Fetched } from '../../../kafka/port/consumer.ts'
import type { GroupMember, GroupOptions } from '../../../kafka/port/group.ts'
import type {
  Producer,
  ProducerOptions,
  TransactionalProducer,
  TransactionalProducerOptions
} from '../../../kafka/port/producer.ts'

export type MakeClient = () => Promise<{ readonly client: KafkaClient; close(): Promise<void> }>

/** A record to write. */
export interface Plain {
  readonly key?: string | null
  readonly value: string | null
  readonly timestamp?: number
  readonly headers?: readonly Header[]
  readonly partition?: number
}

/** A record as it was read. */
export interface Seen extends Required<Plain> {
  readonly topic: string
  readonly offset: number
}

const text = string()
let names = 0

/** One client for all tests; what a test opens is closed after it. Call the returned function within a test. */
export function workspaces(makeClient: MakeClient): () => Workspace {
  let made: Awaited<ReturnType<MakeClient>>
  let workspace: Workspace
  beforeAll(async () => {
    made = await makeClient()
  }, 120_000)
  afterAll(async () => made?.close(), 60_000)
  beforeEach(() => {
    workspace = new Workspace(made.client)
  })
  afterEach(async () => workspace.close(), 60_000)
  return () => workspace
}

/** What tests do again and again. Nothing here relies on a write being seen at once. */
export class Workspace {
  readonly client: KafkaClient
  readonly admin: Admin
  readonly #open: { close(): Promise<void> }[] = []

  constructor(client: KafkaClient) {
    this.client = client
    this.admin = this.#closing(client.admin('conformance-admin'))
  }

  /** A name no other test or run uses. */
  name(prefix: string): string {
    return `${prefix}-${Date.now().toString(36)}-${process.pid}-${++names}`
  }

  /** Makes a topic that keeps records of any age. */
  async topic(partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = this.name('conformance')
    await this.admin.createTopics([
      { name, partitions, replicas: 1, configs: { 'retention.ms': '-1', ...configs } }
    ])
    return name
  }

  consumer(options: Partial<ConsumerOptions> = {}): Consumer {
    return this.#closing(
      this.client.consumer({ clientId: 'conformance-consumer', maxWaitMs: 100, ...options })
    )
  }

  async producer(options: Partial<ProducerOptions> = {}): Promise<Producer> {
    return this.#closing(await this.client.producer({ clientId: 'conformance-producer', ...options }))
  }

  /** Of a transactional id of its own, if none is given. */
  async transactional(options: Partial<TransactionalProducerOptions> = {}): Promise<TransactionalProducer> {
    const transactionalId = this.name('transactional')
    return this.#closing(
      await this.client.transactionalProducer({
        clientId: 'conformance-producer',
        transactionalId,
        ...options
      })
    )
  }

  group(options: Pick<GroupOptions, 'groupId' | 'instanceId' | 'topics' | 'assignor'>): GroupMember {
    return this.#closing(
      this.client.group({
        clientId: `conformance-${options.instanceId}`,
        sessionTimeoutMs: 10_000,
        heartbeatIntervalMs: 300,
        ...options
      })
    )
  }

  /** Appends and flushes. */
  async write(
    topic: string,
    records: readonly Plain[],
    options: Partial<ProducerOptions> = {}
  ): Promise<Producer> {
    const producer = await this.producer(options)
    await append(producer, topic, records)
    await producer.flush()
    return producer
  }

  /** Reads one partition from an offset on until there are so many records. */
  async read(topic: string, count: number, partition = 0, offset = 0): Promise<readonly Seen[]> {
    const consumer = this.consumer()
    consumer.assign([{ topic, partition, offset }])
    return takeRecords(consumer, count)
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((opened) => opened.close()))
  }

  #closing<T extends { close(): Promise<void> }>(opened: T): T {
    this.#open.push(opened)
    return opened
  }
}

/** `count` short records, numbered, one millisecond apart. */
export function numbered(count: number, partition = 0, first = 0): readonly Plain[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `k${first + index}`,
    value: `v${first + index}`,
    timestamp: 1_700_000_000_000 + first + index,
    partition
  }))
}

export async function append(producer: Producer, topic: string, records: readonly Plain[]): Promise<void> {
  const target = await producer.topic(topic)
  for (const { key = null, value, timestamp = 1_700_000_000_000, headers = [], partition = 0 } of records) {
    if (!producer.hasRoom()) await producer.room()
    const bytes = key === null ? null : Buffer.from(key)
    target.append(partition, bytes, 0, bytes?.length ?? 0, text, value, timestamp, headers)
  }
}

/** Takes until there are so many records; fails after 10 s, and when there are more. */
export async function takeRecords(consumer: Consumer, count: number): Promise<readonly Seen[]> {
  const records: Seen[] = []
  const end = Date.now() + 10_000
  while (records.length < count && Date.now() < end) {
    await consumer.arrival(200)
    for (const fetched of consumer.take()) records.push(...decode(fetched))
  }
  expect(records.length).toBe(count)
  return records
}

/** Takes for some time, whatever comes. */
export async function takeFor(consumer: Consumer, ms: number): Promise<readonly Seen[]> {
  const records: Seen[] = []
  for (const end = Date.now() + ms; Date.now() < end; ) {
    await consumer.arrival(end - Date.now())
    for (const fetched of consumer.take()) records.push(...decode(fetched))
    // taken data makes `arrival` return at once
    await sleep(10)
  }
  return records
}

export async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}

/** Waits until it is so; fails after 20 s. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) if (await isSo()) return
  expect.fail(`waited 20 s until ${what}`)
}

export function values(records: readonly Seen[]): (string | null)[] {
  return records.map(({ value }) => value)
}

export function offsets(records: readonly Seen[]): number[] {
  return records.map(({ offset }) => offset)
}

export function decode({ topic, partition, batches }: Fetched): readonly Seen[] {
  const cursor = new RecordCursor(partitionName(topic, partition))
  const records: Seen[] = []
  cursor.open(batches)
  while (cursor.next()) {
    const { buffer, offset, timestamp } = cursor
    const key = cursor.keyStart < 0 ? null : text.decode(buffer, cursor.keyStart, cursor.keyEnd)
    const value = cursor.valueStart < 0 ? null : text.decode(buffer, cursor.valueStart, cursor.valueEnd)
    records.push({ topic, partition, offset, timestamp, key, value, headers: cursor.headers() })
  }
  return records
}
