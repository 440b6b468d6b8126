import { type KafkaClient, type Producer, textHeader } from '../../index.ts'
import type { FileEvent } from '../../processors/retail/file-event.ts'
import type { IngestTopics } from '../ingest-topics.ts'
import { TopicWriter } from '../topic-writer.ts'

/** Hands file events on. Resolves when they are safe: only then may whoever brought them forget them. */
export type Announce = (events: readonly FileEvent[]) => Promise<void>

/** A notification that could not be understood. */
export interface BadNotification {
  readonly text: string
  readonly reason: string
  /** Where it came from. */
  readonly source: string
}

/** Characters. With three bytes each a notification fits into a record; queues and Lambda hand over larger ones. */
const longestNotification = 300_000
const longestReason = 1000

/** Writes file events, and what should have been some, to Kafka. */
export class EventWriter {
  readonly #producer: Producer
  readonly #events: TopicWriter<string, FileEvent>
  readonly #deadLetters: TopicWriter<string, string>

  private constructor(
    producer: Producer,
    events: TopicWriter<string, FileEvent>,
    deadLetters: TopicWriter<string, string>
  ) {
    this.#producer = producer
    this.#events = events
    this.#deadLetters = deadLetters
  }

  /** Makes the two topics if need be. Throws BROKER_UNAVAILABLE. */
  static async open(
    kafka: KafkaClient,
    clientId: string,
    topics: Pick<IngestTopics, 'fileEvents' | 'eventDeadLetters'>
  ): Promise<EventWriter> {
    const admin = kafka.admin(clientId)
    try {
      await admin.createTopics(
        [topics.fileEvents, topics.eventDeadLetters].map(
          ({ name, partitions, cleanupPolicy, retentionMs }) => ({
            name,
            partitions,
            configs: { 'cleanup.policy': cleanupPolicy, 'retention.ms': String(retentionMs) }
          })
        )
      )
    } finally {
      await admin.close()
    }
    const producer = await kafka.producer({ clientId, lingerMs: 5 })
    return new EventWriter(
      producer,
      await TopicWriter.open(producer, topics.fileEvents),
      await TopicWriter.open(producer, topics.eventDeadLetters)
    )
  }

  /** Resolves when Kafka has acknowledged them. Throws PRODUCE_FAILED. */
  readonly announce: Announce = async (events) => {
    for (const event of events) {
      this.#events.write(event.bucket, event, event.timeMs)
      if (!this.#producer.hasRoom()) await this.#producer.room()
    }
    await this.#producer.flush()
  }

  /** Resolves when Kafka has acknowledged it; of a very large one, its beginning. Throws PRODUCE_FAILED. */
  readonly deadLetter = async ({ text, reason, source }: BadNotification): Promise<void> => {
    const headers = [textHeader('reason', reason.slice(0, longestReason)), textHeader('source', source)]
    this.#deadLetters.write(source, text.slice(0, longestNotification), Date.now(), headers)
    await this.#producer.flush()
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}
