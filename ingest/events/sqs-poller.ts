import { setTimeout as sleep } from 'node:timers/promises'
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient
} from '@aws-sdk/client-sqs'
import { hasCode, type Logger, type StreamsError } from '../../index.ts'
import type { FileEvent } from '../../processors/retail/file-event.ts'
import type { Announce, BadNotification } from './event-writer.ts'
import { parseNotificationText } from './s3-notification.ts'

export interface SqsPollerOptions {
  readonly queueUrl: string
  /** Of an SQS-compatible server; omitted: AWS. */
  readonly endpoint?: string
  /** Default `us-east-1`. */
  readonly region?: string
  /** Omitted: wherever the AWS SDK finds them. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly announce: Announce
  readonly deadLetter: (notification: BadNotification) => Promise<void>
  readonly logger: Logger
  /** How long a request waits for messages, s. Default 20, SQS's most. */
  readonly waitSeconds?: number
  /** How long a message that was received is hidden from others, s. Default 60: far longer than Kafka takes to acknowledge. */
  readonly visibilitySeconds?: number
}

const mostMessages = 10
const firstPauseMs = 200
const longestPauseMs = 30_000

/**
 * Takes S3's notifications from a queue. A message is deleted once its events are acknowledged by Kafka: whatever fails before that, it
 * becomes visible again and its events come twice, which does no harm.
 *
 * A message that cannot be understood will not be understood the next time either, so it does not wait for the queue's redrive: it goes to the
 * dead-letter topic, with the reason, and is deleted.
 */
export class SqsPoller {
  readonly #options: SqsPollerOptions
  readonly #client: SQSClient
  readonly #closing = new AbortController()
  #running: Promise<void> | undefined

  constructor(options: SqsPollerOptions) {
    this.#options = options
    const { endpoint, region = 'us-east-1', credentials } = options
    this.#client = new SQSClient({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials })
    })
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Finishes what is under way. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
    this.#client.destroy()
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    let failures = 0
    while (!signal.aborted) {
      try {
        await this.#poll(signal)
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        const pauseMs = Math.min(firstPauseMs * 2 ** failures++, longestPauseMs) * (0.5 + Math.random() / 2)
        this.#options.logger.warn(
          `${this.#options.queueUrl}: ${(error as Error).message}; trying again in ${Math.round(pauseMs)} ms`
        )
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { queueUrl, waitSeconds = 20, visibilitySeconds = 60, announce } = this.#options
    const { Messages: messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: mostMessages,
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: visibilitySeconds
      }),
      { abortSignal: signal }
    )
    if (messages.length === 0) return
    const events: FileEvent[] = []
    for (const message of messages) events.push(...(await this.#parse(message)))
    await announce(events)
    // what fails to be deleted comes again
    await this.#client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: messages.map(({ ReceiptHandle }, i) => ({
          Id: String(i),
          ReceiptHandle: ReceiptHandle ?? ''
        }))
      })
    )
  }

  async #parse({ Body: text = '', MessageId: id = '' }: Message): Promise<FileEvent[]> {
    try {
      return parseNotificationText(text)
    } catch (error) {
      if (!hasCode(error, 'DESERIALIZATION')) throw error
      const reason = (error as StreamsError).message
      this.#options.logger.warn(`message ${id} of ${this.#options.queueUrl}: ${reason}`)
      await this.#options.deadLetter({ text, reason, source: this.#options.queueUrl })
      return []
    }
  }
}
