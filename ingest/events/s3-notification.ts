import { z } from 'zod'
import { StreamsError } from '../../index.ts'
import { quote } from '../../processors/retail/field-limits.ts'
import { FileEvent } from '../../processors/retail/file-event.ts'

/** One entry of `Records`, as S3 sends it to SQS, SNS, Lambda and webhooks. */
const S3Record = z.object({
  eventName: z.string(),
  eventTime: z.string().optional(),
  s3: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string(),
      size: z.number().optional(),
      eTag: z.string().optional(),
      versionId: z.string().optional(),
      sequencer: z.string().optional()
    })
  })
})

/** What S3 says when a notification is set up. */
const TestEvent = z.object({ Event: z.literal('s3:TestEvent') })

/** How EventBridge wraps it: its keys are not URL-encoded. */
const BridgeEvent = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.string(),
  time: z.string().optional(),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string(),
      size: z.number().optional(),
      etag: z.string().optional(),
      'version-id': z.string().optional(),
      sequencer: z.string().optional()
    })
  })
})

/** SNS between S3 and a queue: the notification is a text in it. */
const SnsEnvelope = z.object({ Type: z.literal('Notification'), Message: z.string() })

const kinds: readonly [prefix: RegExp, kind: FileEvent['kind']][] = [
  [/^(?:s3:)?ObjectCreated:/, 'created'],
  [/^(?:s3:)?ObjectRemoved:/, 'removed'],
  [/^(?:s3:)?LifecycleExpiration:/, 'removed']
]
const bridgeKinds: Readonly<Record<string, FileEvent['kind']>> = {
  'Object Created': 'created',
  'Object Deleted': 'removed'
}

/**
 * The file events in a notification: S3's own form, EventBridge's, or either within SNS's. None for S3's test event, and for events about
 * something else than an object's coming and going. Throws DESERIALIZATION for anything else.
 */
export function parseNotification(notification: unknown): FileEvent[] {
  if (TestEvent.safeParse(notification).success) return []
  const sns = SnsEnvelope.safeParse(notification)
  if (sns.success) return parseNotificationText(sns.data.Message)
  if (isObject(notification) && 'detail-type' in notification)
    return bridgeEvents(check(BridgeEvent, notification))
  const { Records } = check(z.object({ Records: z.array(z.unknown()) }), notification)
  return Records.flatMap((record, i) => recordEvents(check(S3Record, record, `Records.${i}`)))
}

/** The same for JSON. Throws DESERIALIZATION. */
export function parseNotificationText(text: string): FileEvent[] {
  let notification: unknown
  try {
    notification = JSON.parse(text)
  } catch (error) {
    throw new StreamsError(
      'DESERIALIZATION',
      `the notification is not JSON: ${(error as Error).message}`,
      error
    )
  }
  return parseNotification(notification)
}

function recordEvents({ eventName, eventTime, s3 }: z.infer<typeof S3Record>): FileEvent[] {
  const kind = kinds.find(([prefix]) => prefix.test(eventName))?.[1]
  if (kind === undefined) return []
  const { key, size, eTag, versionId, sequencer } = s3.object
  return [
    fileEvent({
      bucket: s3.bucket.name,
      object: decodeKey(key),
      kind,
      etag: eTag,
      versionId,
      sizeBytes: size,
      sequencer,
      time: eventTime
    })
  ]
}

function bridgeEvents(event: z.infer<typeof BridgeEvent>): FileEvent[] {
  const kind = bridgeKinds[event['detail-type']]
  if (kind === undefined) return []
  const { bucket, object } = event.detail
  return [
    fileEvent({
      bucket: bucket.name,
      object: object.key,
      kind,
      etag: object.etag,
      versionId: object['version-id'],
      sizeBytes: object.size,
      sequencer: object.sequencer,
      time: event.time
    })
  ]
}

interface Parts {
  readonly bucket: string
  readonly object: string
  readonly kind: FileEvent['kind']
  readonly etag: string | undefined
  readonly versionId: string | undefined
  readonly sizeBytes: number | undefined
  readonly sequencer: string | undefined
  readonly time: string | undefined
}

function fileEvent({ etag, versionId, sizeBytes, sequencer, time, ...rest }: Parts): FileEvent {
  const now = Date.now()
  const timeMs = Date.parse(time ?? '')
  return check(FileEvent, {
    ...rest,
    etag: etag?.replaceAll('"', '') || null,
    versionId: versionId && versionId !== 'null' ? versionId : null,
    sizeBytes: sizeBytes ?? null,
    sequencer: sequencer || null,
    // it becomes a record's timestamp, and Kafka takes none before 1970 or in the future
    timeMs: Number.isNaN(timeMs) ? now : Math.min(Math.max(0, timeMs), now)
  })
}

/** S3 encodes keys as forms do: a plus is a space. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch (error) {
    throw new StreamsError('DESERIALIZATION', `the object key ${quote(key)} is not URL-encoded`, error)
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, at = ''): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issues = result.error.issues.map(({ path, message }) =>
    [[at, ...path].filter((part) => part !== '').join('.'), message].filter((part) => part !== '').join(': ')
  )
  throw new StreamsError('DESERIALIZATION', `it is no notification about objects: ${issues.join('; ')}`)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
