import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode, type StreamsError } from '../../core/errors.ts'
import { noHeaders, type TopicPartition } from '../../core/record.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { partitionForKey } from '../../kafka/batch/murmur2.ts'
import { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import type { KafkaClient } from '../../kafka/port/client.ts'
import type { Consumer, Fetched } from '../../kafka/port/consumer.ts'
import type { GroupMember, GroupOffset } from '../../kafka/port/group.ts'
import type { ProducerTopic } from '../../kafka/port/producer.ts'
import type { Outlet } from './outlets.ts'
import { Random } from './random.ts'
import type { AbortStage, HaltPoint, Notice, Order, WorkerSettings } from './worker-protocol.ts'

const leastRecords = 200
const mostRecords = 500
/** A transaction with fewer records is committed when there were none for so long. */
const idleMs = 100
const raw = bytes()

/** The worker's loop: reads, writes each record on, and commits, as often as it is let. */
export class Transformer {
  readonly #client: KafkaClient
  readonly #outlet: Outlet
  readonly #settings: WorkerSettings
  readonly #tell: (notice: Notice) => void
  readonly #random: Random
  readonly #consumer: Consumer
  readonly #member: GroupMember
  readonly #began = performance.now()
  readonly #cursor = new RecordCursor()
  #fetched: Fetched[] = []
  #current: Fetched | undefined
  #partitions: readonly TopicPartition[] = []
  /** Next offset to read of each partition */
  #positions = new Map<number, number>()
  #limit = 0
  #wake: () => void = () => {}
  #abortNext: AbortStage | undefined
  #halt: HaltPoint | undefined
  #closing = false

  constructor(client: KafkaClient, outlet: Outlet, settings: WorkerSettings, tell: (notice: Notice) => void) {
    this.#client = client
    this.#outlet = outlet
    this.#settings = settings
    this.#tell = tell
    this.#random = new Random(settings.seed, 'worker')
    this.#consumer = this.#client.consumer({ clientId: 'chaos-worker', maxWaitMs: 200 })
    this.#member = this.#client.group({
      clientId: 'chaos-worker',
      groupId: settings.groupId,
      instanceId: 'worker',
      topics: [settings.input],
      sessionTimeoutMs: 10_000,
      heartbeatIntervalMs: 500
    })
  }

  order(order: Order): void {
    if (order.order === 'limit') this.#limit = order.records
    if (order.order === 'abort') this.#abortNext = order.stage
    if (order.order === 'halt') this.#halt = order.at
    if (order.order === 'close') this.#closing = true
    this.#wake()
  }

  async run(): Promise<void> {
    const target = await this.#outlet.open()
    await this.#join()
    const startedInMs = Math.round(performance.now() - this.#began)
    this.#tell({ notice: 'ready', startedInMs, committed: this.#done() })
    while (!this.#closing) {
      try {
        this.#member.check()
        if (this.#member.rejoinNeeded()) await this.#join()
        if (!(await this.#mayGoOn())) continue
        await this.#transaction(target)
      } catch (error) {
        await this.#recover(error)
      }
    }
    await this.#consumer.close()
    await this.#outlet.close()
    await this.#member.close({ leave: true })
  }

  /** One transaction over some hundred records, from as many partitions as there are. */
  async #transaction(target: ProducerTopic): Promise<void> {
    await this.#outlet.begin()
    const before = this.#done()
    const size = leastRecords + this.#random.below(mostRecords - leastRecords)
    const end = Math.min(before + size, this.#limit)
    while (this.#done() < end && (await this.#next())) this.#transform(target)
    const offsets = this.#offsets()
    if (this.#abortNext !== undefined) return await this.#forcedAbort(this.#abortNext, offsets)
    await this.#outlet.prepare(offsets, this.#member)
    if (this.#reached('before-commit')) await sleep(60_000)
    this.#reached('in-commit')
    await this.#outlet.commit(offsets, this.#member)
    if (this.#reached('after-commit')) await sleep(60_000)
    const committed = this.#done()
    this.#tell({ notice: 'committed', committed, records: committed - before })
  }

  async #forcedAbort(stage: AbortStage, offsets: readonly GroupOffset[]): Promise<void> {
    this.#abortNext = undefined
    if (stage !== 'nothing-sent') await this.#outlet.flush()
    if (stage === 'offsets-sent') await this.#outlet.prepare(offsets, this.#member)
    await this.#outlet.abort()
    await this.#rewind()
    this.#tell({ notice: 'aborted' })
  }

  #transform(target: ProducerTopic): void {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd, offset, timestamp } = this.#cursor
    const source = this.#current?.partition ?? -1
    const { n } = JSON.parse(buffer.toString('utf8', valueStart, valueEnd)) as { n: number }
    // keys are spread otherwise than in the input, so that a transaction has several partitions
    const partition = partitionForKey(buffer, keyStart, keyEnd, target.partitions)
    const value = Buffer.from(JSON.stringify({ n, source, offset }))
    target.append(partition, buffer, keyStart, keyEnd, raw, value, timestamp, noHeaders)
    this.#positions.set(source, offset + 1)
  }

  /** Moves the cursor to the next record of any partition; false when none came for a while. */
  async #next(): Promise<boolean> {
    for (let waited = false; ; ) {
      if (this.#current !== undefined && this.#cursor.next()) return true
      this.#current = this.#fetched.shift()
      if (this.#current !== undefined) {
        this.#cursor.open(this.#current.batches)
        continue
      }
      this.#fetched = [...this.#consumer.take()]
      if (this.#fetched.length > 0) continue
      if (waited) return false
      await this.#consumer.arrival(idleMs)
      waited = true
    }
  }

  async #mayGoOn(): Promise<boolean> {
    if (this.#done() < this.#limit) {
      if (await this.#hasData()) return true
    } else {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await Promise.race([woken, sleep(100)])
    }
    return false
  }

  /** No transaction is begun for nothing. */
  async #hasData(): Promise<boolean> {
    if (this.#current !== undefined || this.#fetched.length > 0) return true
    await this.#consumer.arrival(idleMs)
    this.#fetched = [...this.#consumer.take()]
    return this.#fetched.length > 0
  }

  async #recover(error: unknown): Promise<void> {
    const rebalance = hasCode(error, 'GROUP_REBALANCE')
    if (!rebalance && !hasCode(error, 'TRANSACTION_ABORTABLE')) throw error
    const { code, message } = error as StreamsError
    await this.#outlet.abort()
    if (rebalance) await this.#join()
    else await this.#rewind()
    this.#tell({ notice: 'recovered', code, message })
  }

  async #join(): Promise<void> {
    this.#partitions = (await this.#member.join()).partitions
    await this.#rewind()
  }

  /** Back to what the group has committed: what a commit came to is known for certain only from there. */
  async #rewind(): Promise<void> {
    const committed = await this.#member.committed(this.#partitions)
    const offsets = new Map(committed.map(({ partition, offset }) => [partition, offset]))
    this.#fetched = []
    this.#current = undefined
    this.#positions = new Map(
      this.#partitions.map(({ partition }) => [partition, offsets.get(partition) ?? 0])
    )
    this.#consumer.assign(
      this.#partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        offset: offsets.get(partition) ?? 0
      }))
    )
  }

  /** True when the driver wants to have the worker killed here. */
  #reached(at: HaltPoint): boolean {
    if (this.#halt !== at) return false
    this.#halt = undefined
    this.#tell({ notice: 'halted', at })
    return true
  }

  #offsets(): GroupOffset[] {
    const topic = this.#settings.input
    return [...this.#positions].map(([partition, offset]) => ({ topic, partition, offset, metadata: '' }))
  }

  /** Records read since the beginning of the topic: its offsets have no gaps. */
  #done(): number {
    let sum = 0
    for (const offset of this.#positions.values()) sum += offset
    return sum
  }
}
