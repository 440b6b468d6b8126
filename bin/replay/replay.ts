import { bytes, type KafkaClient, partitionForKey, string, textHeader, topic } from '../../index.ts'
import type { ProducerTopic, TransactionalProducer } from '../../kafka/port/producer.ts'
import { readTopic } from '../read-topic.ts'
import { readSource, replayedHeader, type SourceRecord } from './dead-letter-source.ts'
import { markTopicOf } from './replay-marks.ts'
import { letterOf, type PlannedReplay, planReplay, type ReplayFilter } from './replay-plan.ts'

export interface ReplayOptions {
  readonly kafka: KafkaClient
  readonly deadLetterTopic: string
  readonly filter: ReplayFilter
  readonly onProgress?: (done: number, total: number) => void
  /** Once aborted, the transaction under way is committed and the rest left. */
  readonly stop?: AbortSignal
}

const raw = bytes()
const text = string()

/**
 * Writes the source records of dead letters to their topics again: key, value, timestamp, headers and partition as they were, and a header that
 * says which dead letter it was.
 *
 * Each source record is written once, whatever stops this and however often it is run, with whatever filters: a mark of it is in the same
 * transaction. Of two that run at once, the later one fences the former. Resolves with what was planned and how many of it were written. Throws
 * TOPIC_MISSING, PRODUCER_FENCED, TRANSACTION_ABORTABLE (run it again), BROKER_UNAVAILABLE.
 */
export async function replay(
  options: ReplayOptions
): Promise<{ readonly plan: readonly PlannedReplay[]; readonly written: number }> {
  const { kafka, deadLetterTopic, filter, onProgress, stop } = options
  const clientId = `store-sku-replay-${deadLetterTopic}`
  const marks = markTopicOf(deadLetterTopic)
  await createTopic(kafka, clientId, marks)
  // before the marks are read: what another run has under way is decided by this, and it cannot write any more
  const producer = await kafka.transactionalProducer({ clientId, transactionalId: clientId })
  try {
    const plan = await planReplay(kafka, clientId, deadLetterTopic, filter)
    const waiting = new Map(
      plan.flatMap((planned) => (planned.decision === 'replay' ? [[planned.letter, planned] as const] : []))
    )
    const writer = new ReplayWriter(producer, deadLetterTopic)
    await writer.open([
      marks.name,
      ...new Set([...waiting.values()].map((planned) => planned.topic as string))
    ])
    const total = waiting.size
    let written = 0
    const letters = topic(deadLetterTopic, { key: raw, value: raw })
    let open: [PlannedReplay, SourceRecord][] = []
    await readTopic(
      kafka,
      clientId,
      letters,
      (letter) => {
        const planned = waiting.get(letterOf(letter))
        const { record } = planned === undefined ? {} : readSource(letter)
        if (planned === undefined || record === undefined || stop?.aborted === true) return
        waiting.delete(planned.letter)
        open.push([planned, record])
      },
      async () => {
        if (open.length === 0) return
        await writer.write(open, marks.name)
        written += open.length
        open = []
        onProgress?.(written, total)
      }
    )
    return { plan, written }
  } finally {
    await producer.close()
  }
}

class ReplayWriter {
  readonly #producer: TransactionalProducer
  readonly #deadLetterTopic: string
  readonly #topics = new Map<string, ProducerTopic>()

  constructor(producer: TransactionalProducer, deadLetterTopic: string) {
    this.#producer = producer
    this.#deadLetterTopic = deadLetterTopic
  }

  async open(names: Iterable<string>): Promise<void> {
    for (const name of names) this.#topics.set(name, await this.#producer.topic(name))
  }

  /** One transaction: the records and their marks. */
  async write(replays: readonly (readonly [PlannedReplay, SourceRecord])[], marks: string): Promise<void> {
    await this.#producer.begin()
    try {
      for (const [planned, record] of replays) {
        if (!this.#producer.hasRoom()) await this.#producer.room()
        this.#append(planned, record, this.#topics.get(marks) as ProducerTopic)
      }
      await this.#producer.commit()
    } catch (error) {
      await this.#producer.abort().catch(() => undefined)
      throw error
    }
  }

  #append(
    { topic: name, partition, letter, mark }: PlannedReplay,
    source: SourceRecord,
    marks: ProducerTopic
  ): void {
    const target = this.#topics.get(name as string) as ProducerTopic
    const { key, value, timestamp, headers } = source
    const from = `${this.#deadLetterTopic}-${letter}`
    // where it was; only a topic that has fewer partitions by now leaves no choice
    const there =
      partition < target.partitions || key === null
        ? partition % target.partitions
        : partitionForKey(key, 0, key.length, target.partitions)
    target.append(there, key, 0, key?.length ?? 0, raw, value, timestamp, [
      ...headers,
      textHeader(replayedHeader, from)
    ])
    const markKey = Buffer.from(mark)
    marks.append(0, markKey, 0, markKey.length, text, from, timestamp, [])
  }
}

async function createTopic(
  kafka: KafkaClient,
  clientId: string,
  { name, partitions, cleanupPolicy, retentionMs }: ReturnType<typeof markTopicOf>
): Promise<void> {
  const admin = kafka.admin(clientId)
  try {
    const configs = { 'cleanup.policy': cleanupPolicy, 'retention.ms': String(retentionMs) }
    await admin.createTopics([{ name, partitions, configs }])
  } finally {
    await admin.close()
  }
}
