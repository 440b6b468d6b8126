import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { hasCode } from '../../index.ts'
import { parseNotificationText } from '../../ingest/events/s3-notification.ts'
import { fuzzBuckets } from './fuzz-files.ts'
import { mutatedJson } from './fuzz-mutate.ts'
import { sqsCredentials } from './ledger-services.ts'
import type { Random } from './random.ts'

/** SQS takes no more, bytes. */
const mostBytes = 200_000

/** S3's, SNS's and EventBridge's forms of a notification, about objects that are there or not. */
function notification(random: Random, key: string): unknown {
  const name = random.pick([...fuzzBuckets, 'somebody-elses'])
  const object = { key: encodeURIComponent(key), size: 100, eTag: 'e', sequencer: '00ABCDEF' }
  const records = { Records: [{ eventName: 'ObjectCreated:Put', s3: { bucket: { name }, object } }] }
  return random.pick([
    () => records,
    () => ({ Records: [{ ...records.Records[0], eventName: 'ObjectRemoved:Delete' }] }),
    () => ({ Type: 'Notification', TopicArn: 'arn', Message: JSON.stringify(records) }),
    () => ({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: name }),
    () => ({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      time: '2026-01-01T00:00:00Z',
      detail: { bucket: { name }, object: { key, size: 100, etag: 'e', sequencer: '00AB' } }
    })
  ])()
}

/** The text of a notification, spoiled or not. `key` is an object that was put. */
export function fuzzNotification(random: Random, key: string): string {
  const text = mutatedJson(random, notification(random, key))
  return text.length > mostBytes ? text.slice(0, mostBytes) : text
}

/** Sends messages to the queue, and knows which of them can be understood. */
export class FuzzQueue {
  readonly #client: SQSClient
  readonly #url: string
  sent = 0
  /** The queue server itself refuses some characters. */
  refused = 0
  /** Texts that are none of a notification, and how often each was sent. */
  readonly bad = new Map<string, number>()
  /** Failures to parse that are not the one that may be. */
  readonly faults: string[] = []

  constructor(endpoint: string, url: string) {
    this.#url = url
    this.#client = new SQSClient({
      endpoint,
      region: 'us-east-1',
      credentials: sqsCredentials,
      maxAttempts: 1
    })
  }

  async send(text: string): Promise<void> {
    try {
      await this.#client.send(new SendMessageCommand({ QueueUrl: this.#url, MessageBody: text }))
    } catch {
      this.refused++
      return
    }
    this.sent++
    try {
      parseNotificationText(text)
    } catch (error) {
      if (!hasCode(error, 'DESERIALIZATION'))
        this.faults.push(`parsing throws ${String(error)} for ${text.slice(0, 200)}`)
      this.bad.set(text, (this.bad.get(text) ?? 0) + 1)
    }
  }

  async left(): Promise<number> {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
    const { Attributes = {} } = await this.#client.send(
      new GetQueueAttributesCommand({ QueueUrl: this.#url, AttributeNames: [...names] })
    )
    return names.reduce((sum, name) => sum + Number(Attributes[name]), 0)
  }

  close(): void {
    this.#client.destroy()
  }
}
