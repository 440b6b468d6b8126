import { setTimeout as sleep } from 'node:timers/promises'
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { ObjectStore } from '../../ingest/object-store.ts'
import { contentOf, type FeedStep, type LedgerData, type LedgerFile } from './ledger-data.ts'
import { sqsCredentials } from './ledger-services.ts'

const retryMs = 300
/** Longer than a service is away. */
const patienceMs = 120_000

/** Stores the files and tells of them, a few more steps each time it is asked for. */
export class LedgerFeeder {
  readonly #data: LedgerData
  readonly #store: ObjectStore
  readonly #queue: SQSClient
  readonly #queueUrl: string
  #next = 0
  #feeding: Promise<void> = Promise.resolve()
  /** Announcements that the queue could not take: the scan has to find what they were about. */
  lost = 0
  announced = 0

  constructor(
    data: LedgerData,
    store: ObjectStore,
    sqs: { readonly endpoint: string; readonly url: string }
  ) {
    this.#data = data
    this.#store = store
    this.#queueUrl = sqs.url
    this.#queue = new SQSClient({
      endpoint: sqs.endpoint,
      region: 'us-east-1',
      credentials: sqsCredentials,
      maxAttempts: 1
    })
  }

  async putReferences(): Promise<void> {
    for (const [path, content] of this.#data.references) {
      const at = path.indexOf('/')
      await this.#store.put(path.slice(0, at), path.slice(at + 1), content)
    }
  }

  get fed(): number {
    return this.#next
  }

  /** Goes on until that share of all steps is done, beside what the caller does. */
  feedTo(share: number): void {
    const end = Math.ceil(this.#data.steps.length * Math.min(share, 1))
    this.#feeding = this.#feeding.then(async () => {
      while (this.#next < end) {
        const step = this.#data.steps[this.#next] as FeedStep
        if (step.kind === 'put') await this.#put(step.file, step.version)
        else for (let i = 0; i < step.times; i++) await this.#announce(step.file, step.version)
        this.#next++
      }
    })
    // whoever waits for the end is told
    this.#feeding.catch(() => undefined)
  }

  /** Throws when the object store takes nothing for too long. */
  async finish(): Promise<void> {
    this.feedTo(1)
    await this.#feeding
  }

  async messagesLeft(): Promise<number> {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
    const { Attributes = {} } = await this.#queue.send(
      new GetQueueAttributesCommand({ QueueUrl: this.#queueUrl, AttributeNames: [...names] })
    )
    return names.reduce((sum, name) => sum + Number(Attributes[name]), 0)
  }

  close(): void {
    this.#queue.destroy()
  }

  async #put(file: LedgerFile, version: number): Promise<void> {
    const end = performance.now() + patienceMs
    for (;;)
      try {
        await this.#store.put(file.bucket, file.key, contentOf(file, version))
        return
      } catch (error) {
        if (performance.now() > end) throw error
        await sleep(retryMs)
      }
  }

  async #announce({ bucket, key }: LedgerFile, version: number): Promise<void> {
    const object = { key: encodeURIComponent(key), sequencer: String(version + 1).padStart(16, '0') }
    const record = { eventName: 'ObjectCreated:Put', s3: { bucket: { name: bucket }, object } }
    const message = { QueueUrl: this.#queueUrl, MessageBody: JSON.stringify({ Records: [record] }) }
    try {
      await this.#queue.send(new SendMessageCommand(message), { abortSignal: AbortSignal.timeout(5_000) })
      this.announced++
    } catch {
      this.lost++
    }
  }
}
