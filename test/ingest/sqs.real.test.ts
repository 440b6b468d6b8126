import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  SendMessageCommand,
  SQSClient
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { silentLogger } from '../../index.ts'
import type { Announce } from '../../ingest/events/event-writer.ts'
import { SqsPoller } from '../../ingest/events/sqs-poller.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import { credentials, IngestFixture, once, salesCsv, salesRows, until } from './ingest-fixture.ts'
import { startOptional } from './optional-services.ts'

let service: Awaited<ReturnType<typeof startOptional<'sqs'>>>
let client: SQSClient
let queueUrl: string
let fixture: IngestFixture
let ingest: Ingest

beforeAll(async () => {
  service = await startOptional('sqs')
  const endpoint = service.addresses.sqsEndpoint
  client = new SQSClient({ endpoint, region: 'us-east-1', credentials })
  const created = await client.send(new CreateQueueCommand({ QueueName: 'files' }))
  queueUrl = created.QueueUrl as string
  fixture = await IngestFixture.open()
  ingest = await fixture.start()
})

afterAll(async () => {
  await fixture.close()
  client.destroy()
  await service.stop()
})

function poller(announce: Announce = (events) => ingest.announce(events)): SqsPoller {
  const started = new SqsPoller({
    queueUrl,
    endpoint: service.addresses.sqsEndpoint,
    credentials,
    announce,
    deadLetter: (one) => ingest.deadLetter(one),
    logger: silentLogger,
    waitSeconds: 1,
    visibilitySeconds: 1
  })
  started.start()
  return started
}

async function send(body: unknown): Promise<void> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: text }))
}

/** As S3 sends it: URL-encoded. */
function created(object: string): unknown {
  const key = encodeURIComponent(object).replaceAll('%20', '+').replaceAll('%2F', '/')
  return {
    Records: [
      {
        eventName: 'ObjectCreated:Put',
        s3: { bucket: { name: fixture.us }, object: { key, sequencer: '01' } }
      }
    ]
  }
}

async function messagesLeft(): Promise<number> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] })
  )
  return names.reduce((sum, name) => sum + Number(Attributes[name]), 0)
}

it('reads the files that messages name, once each, and keeps what it cannot understand', async () => {
  const object = '1/January 1997 + more.csv'
  await fixture.put(object, salesCsv(100))
  await send({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: fixture.us })
  await send('not JSON')
  for (let i = 0; i < 5; i++) await send(created(object))
  const polling = poller()
  await until(async () => (await messagesLeft()) === 0)
  await fixture.finished()
  await polling.close()
  expect(await fixture.last(object)).toMatchObject({ state: 'done', rows: 100 })
  expect(await fixture.balance(object)).toEqual(once(salesRows(100)))
  const [dead, ...more] = await fixture.records(fixture.topics.eventDeadLetters)
  expect(more).toEqual([])
  expect(dead).toMatchObject({ key: queueUrl, value: 'not JSON' })
  expect(dead?.header('reason')).toContain('the notification is not JSON')
})

it('deletes a message only when its events are safe', async () => {
  await client.send(new PurgeQueueCommand({ QueueUrl: queueUrl }))
  await fixture.put('1/late.csv', salesCsv(1))
  let refusals = 2
  await send(created('1/late.csv'))
  const polling = poller(async (events) => {
    if (refusals-- > 0) throw new Error('no broker')
    await ingest.announce(events)
  })
  await until(async () => refusals < 0 && (await messagesLeft()) === 0)
  await polling.close()
  await fixture.finished()
  expect(await fixture.last('1/late.csv')).toMatchObject({ state: 'done', rows: 1 })
})
