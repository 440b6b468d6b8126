import { z } from 'zod'
import { hasCode, type StreamsError } from '../../index.ts'
import type { Announce, BadNotification } from './event-writer.ts'
import { parseNotification, parseNotificationText } from './s3-notification.ts'

/** A queue between S3 and the function. */
const QueueEvent = z.object({
  Records: z
    .array(z.object({ eventSource: z.literal('aws:sqs'), messageId: z.string(), body: z.string() }))
    .min(1)
})

/** What Lambda asks of a function that reads a queue: messages that are to come again. */
export interface QueueResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[]
}

/** Where a handler's events go: an `EventWriter` opened once per container, outside the handler. */
export interface LambdaParts {
  readonly announce: Announce
  readonly deadLetter: (notification: BadNotification) => Promise<void>
}

/**
 * An AWS Lambda handler for S3's notifications, delivered directly, by EventBridge, by SNS, or through SQS. It resolves when Kafka has acknowledged the
 * events. What cannot be understood goes to the dead-letter topic. Whatever else fails rejects, and Lambda tries again.
 */
export function lambdaHandler({
  announce,
  deadLetter
}: LambdaParts): (event: unknown) => Promise<QueueResponse> {
  const take = async (text: string, source: string, parse: () => ReturnType<typeof parseNotification>) => {
    try {
      await announce(parse())
    } catch (error) {
      if (!hasCode(error, 'DESERIALIZATION')) throw error
      await deadLetter({ text, reason: (error as StreamsError).message, source })
    }
  }
  return async (event) => {
    const queued = QueueEvent.safeParse(event)
    if (!queued.success) {
      await take(JSON.stringify(event) ?? '', 'lambda', () => parseNotification(event))
      return { batchItemFailures: [] }
    }
    const failed: { itemIdentifier: string }[] = []
    for (const { messageId, body } of queued.data.Records) {
      try {
        await take(body, 'lambda-sqs', () => parseNotificationText(body))
      } catch {
        failed.push({ itemIdentifier: messageId })
      }
    }
    return { batchItemFailures: failed }
  }
}
