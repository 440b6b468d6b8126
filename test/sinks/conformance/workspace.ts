import { afterEach, beforeEach, vi } from 'vitest'
import { z } from 'zod'
import { noHeaders } from '../../../core/record.ts'
import { json } from '../../../core/serdes/json.ts'
import { string } from '../../../core/serdes/string.ts'
import { topic } from '../../../core/topic.ts'
import { MemoryBroker } from '../../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../../kafka/memory/memory-client.ts'
import { SinkTask, type SinkTaskOptions } from '../../../runtime/sink-task.ts'
import type { Sink } from '../../../sinks/sink.ts'
import type { CuttableProxy } from '../cuttable-proxy.ts'

/** What the sinks of these tests carry. `rows` of -1 takes the row away, as does a tombstone. */
const Item = z.object({ stock: z.number(), note: z.string(), rows: z.literal([1, -1]) })
export type Item = z.infer<typeof Item>

export function item(stock: number, note = 'fine'): Item {
  return { stock, note, rows: 1 }
}

export const takenBack: Item = { stock: 0, note: '', rows: -1 }

/** Refused everywhere, because `stock` is a whole number. */
export const refused = { stock: 'many', note: 'bad', rows: 1 } as unknown as Item

/** One row as it stands outside: id, stock, note. */
export type StoredRow = readonly [string, number, string]

/** Outside, for one test: an empty table or index of items. */
export interface SinkPlace {
  /** True if the sink keeps its own position, and with it knows who owns a partition. */
  readonly keepsPosition: boolean
  /** Stands before the server. */
  readonly proxy: CuttableProxy
  /** Text in the request by which a batch takes its effect. */
  readonly request: string
  /** A sink as another process would make it. The server ends its transactions when they rest for a second or so. */
  sink(line: 'direct' | 'proxy'): Sink<string, Item>
  /** A sink for a table or index that cannot be written. */
  misconfigured(): Sink<string, Item>
  /** All rows, by id. */
  rows(): Promise<readonly StoredRow[]>
  close(): Promise<void>
}

export type MakePlace = () => Promise<SinkPlace>

const sales = topic('sales', { key: string(), value: json(Item) })
const partitions = 2

/** A log in memory, a real place outside, and sink tasks between them. */
export class Workspace {
  readonly place: SinkPlace
  readonly broker = new MemoryBroker()
  readonly #client = new MemoryClient(this.broker)
  readonly #producer = this.#client.producerSync({ clientId: 'test' })
  readonly #tasks: SinkTask<string, Item>[] = []
  readonly #sinks: Sink<string, Item>[] = []

  constructor(place: SinkPlace) {
    this.place = place
    this.makeTopic()
    this.broker.createTopicSync('dead', 1)
  }

  makeTopic(): void {
    this.broker.createTopicSync('sales', partitions)
  }

  send(partition: number, ...entries: readonly (readonly [string, Item | null])[]): void {
    const target = this.#producer.topicSync('sales')
    for (const [id, value] of entries) {
      const key = Buffer.from(id)
      target.append(partition, key, 0, key.length, sales.value, value, 5, noHeaders)
    }
    this.#producer.flushSync()
  }

  /** A sink that is closed with the test. */
  sink(line: 'direct' | 'proxy' = 'direct'): Sink<string, Item> {
    const made = this.place.sink(line)
    this.#sinks.push(made)
    return made
  }

  async task(
    changes: Partial<SinkTaskOptions<string, Item>> = {},
    buries = true
  ): Promise<SinkTask<string, Item>> {
    const task = new SinkTask<string, Item>({
      client: this.#client,
      groupId: 'sink',
      instanceId: 'one',
      topics: [sales],
      sink: changes.sink ?? this.place.sink('direct'),
      ...(buries ? { deadLetters: { topic: 'dead', producer: this.#producer } } : {}),
      retryMs: { first: 10, most: 100 },
      commitIntervalMs: 10,
      ...changes
    })
    this.#tasks.push(task)
    await task.start()
    return task
  }

  /** Waits until everything in the log is outside, or among the dead letters. */
  async carried(task: SinkTask<string, Item>): Promise<void> {
    const ends = Array.from({ length: partitions }, (_, at) => this.broker.log('sales', at).endOffset)
    await vi.waitFor(
      () => {
        const { partitions: found } = task.progress()
        expectEqual(
          ends.map((_, at) => found.get(`sales-${at}`)?.position ?? 0),
          ends
        )
      },
      { timeout: 20_000, interval: 10 }
    )
  }

  /** Carries everything with a new task of that group, which is closed then. */
  async carry(changes: Partial<SinkTaskOptions<string, Item>> = {}): Promise<void> {
    const task = await this.task(changes)
    await this.carried(task)
    await task.close({ leave: true })
  }

  deadLetters(): readonly string[] {
    return this.broker.readAll('dead').map(({ key }) => String(key))
  }

  async close(): Promise<void> {
    for (const task of this.#tasks) await task.close()
    for (const sink of this.#sinks) await sink.close()
    await this.place.close()
  }
}

function expectEqual(found: readonly number[], wanted: readonly number[]): void {
  if (String(found) !== String(wanted)) throw new Error(`positions are ${found}, not yet ${wanted}`)
}

/** A workspace of its own for each test. */
export function workspaces(makePlace: MakePlace): () => Workspace {
  let space: Workspace
  beforeEach(async () => {
    space = new Workspace(await makePlace())
  })
  afterEach(() => space.close())
  return () => space
}
