import { describe, expect, it } from 'vitest'
import { lambdaHandler } from '../../ingest/events/lambda.ts'
import { parseNotification, parseNotificationText } from '../../ingest/events/s3-notification.ts'
import { isAfter } from '../../ingest/sequencer.ts'
import type { FileEvent } from '../../processors/retail/file-event.ts'

const record = (eventName: string, key: string, more: object = {}) => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  awsRegion: 'us-west-2',
  eventTime: '1997-02-01T00:00:00.000Z',
  eventName,
  s3: {
    s3SchemaVersion: '1.0',
    bucket: { name: 'sku-us', arn: 'arn:aws:s3:::sku-us' },
    object: {
      key,
      size: 1024,
      eTag: 'd41d8cd98f00b204e9800998ecf8427e',
      sequencer: '0055AED6DCD90281E5',
      ...more
    }
  }
})

const event: FileEvent = {
  bucket: 'sku-us',
  object: '1/1997-01.csv',
  kind: 'created',
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
  versionId: null,
  sizeBytes: 1024,
  sequencer: '0055AED6DCD90281E5',
  timeMs: Date.parse('1997-02-01')
}

describe('parseNotification', () => {
  it('gives an event a time that Kafka takes: none before 1970, and none in the future', () => {
    const timeOf = (eventTime: string) =>
      parseNotification({ Records: [{ ...record('ObjectCreated:Put', 'a.csv'), eventTime }] })[0]?.timeMs
    expect(timeOf('0001-01-01')).toBe(0)
    expect(timeOf('9999-12-31')).toBeLessThanOrEqual(Date.now())
    expect(timeOf('1997-02-01')).toBe(Date.parse('1997-02-01'))
  })

  it('reads S3’s own form, keys decoded', () => {
    const key = '1/Jan+%2B+caf%C3%A9+100%25.csv'
    const versionId = '096fKKXTRTtl3on89fVO.nfljtsv6qko'
    expect(
      parseNotification({
        Records: [
          record('ObjectCreated:Put', '1/1997-01.csv'),
          record('s3:ObjectCreated:CompleteMultipartUpload', key, { eTag: '"x-2"', versionId }),
          record('ObjectRemoved:DeleteMarkerCreated', '1/1997-01.csv', { eTag: undefined, size: undefined }),
          record('ObjectCreated:Copy', 'a', { versionId: 'null' }),
          record('ObjectTagging:Put', '1/1997-01.csv')
        ]
      })
    ).toEqual([
      event,
      { ...event, object: '1/Jan + café 100%.csv', etag: 'x-2', versionId },
      { ...event, kind: 'removed', etag: null, sizeBytes: null },
      { ...event, object: 'a' }
    ])
  })

  it('reads EventBridge’s form, keys as they are, and either within SNS', () => {
    const bridge = (type: string, key: string) => ({
      version: '0',
      source: 'aws.s3',
      'detail-type': type,
      time: '1997-02-01T00:00:00Z',
      detail: {
        bucket: { name: 'sku-us' },
        object: { key, size: 1024, etag: event.etag, 'version-id': 'v1', sequencer: '00617F08299329D189' }
      }
    })
    const expected = { ...event, object: '1/a+b%20c.csv', versionId: 'v1', sequencer: '00617F08299329D189' }
    expect(parseNotification(bridge('Object Created', '1/a+b%20c.csv'))).toEqual([expected])
    expect(parseNotification(bridge('Object Deleted', '1/a+b%20c.csv'))).toEqual([
      { ...expected, kind: 'removed' }
    ])
    expect(parseNotification(bridge('Object Tags Added', '1/a'))).toEqual([])
    const Message = JSON.stringify({ Records: [record('ObjectCreated:Put', event.object)] })
    expect(parseNotification({ Type: 'Notification', MessageId: 'x', Message })).toEqual([event])
  })

  it('takes nothing from the test event, and says why anything else is none', () => {
    expect(parseNotification({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'sku-us' })).toEqual([])
    const refused = (text: string, why: string) =>
      expect(() => parseNotificationText(text)).toThrow(
        expect.objectContaining({ code: 'DESERIALIZATION', message: expect.stringContaining(why) })
      )
    refused('{', 'is not JSON')
    refused('[]', 'it is no notification')
    refused('{"Records":[{"eventName":"ObjectCreated:Put"}]}', 'Records.0.s3')
    refused('{"Records":7}', 'Records')
    refused(JSON.stringify({ Records: [record('ObjectCreated:Put', '%E0%A4%A')] }), 'is not URL-encoded')
    refused(
      JSON.stringify({ Records: [record('ObjectCreated:Put', 'a', { sequencer: 'xyz' })] }),
      'sequencer'
    )
    refused(
      JSON.stringify({ Records: [record('ObjectCreated:Put', 'é'.repeat(513))] }),
      'object: is longer than 1024 bytes'
    )
    const longest = 'é'.repeat(512)
    expect(parseNotification({ Records: [record('ObjectCreated:Put', longest)] })).toMatchObject([
      { object: longest }
    ])
    for (const field of ['eTag', 'versionId', 'sequencer'])
      refused(
        JSON.stringify({ Records: [record('ObjectCreated:Put', 'a', { [field]: 'a'.repeat(2000) })] }),
        `${field === 'eTag' ? 'etag' : field}: is longer than`
      )
    refused(
      '{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"\\ud800"}}}]}',
      ''
    )
    refused('{"source":"aws.s3","detail-type":"Object Created","detail":{}}', 'detail.bucket')
  })
})

describe('isAfter', () => {
  it('compares hexadecimal numbers from their left', () => {
    expect(isAfter('0055AED6DCD90281E6', '0055AED6DCD90281E5')).toBe(true)
    expect(isAfter('0055aed6dcd90281e5', '0055AED6DCD90281E5')).toBe(false)
    expect(isAfter('1', '0FFFFF')).toBe(true)
    expect(isAfter('00', '000000')).toBe(false)
    expect(isAfter('0055', '005501')).toBe(false)
  })
})

describe('lambdaHandler', () => {
  function handler(announce: (events: readonly FileEvent[]) => Promise<void> = async () => {}) {
    const announced: FileEvent[] = []
    const bad: { readonly reason: string; readonly source: string }[] = []
    const handle = lambdaHandler({
      announce: async (events) => {
        await announce(events)
        announced.push(...events)
      },
      deadLetter: async (one) => {
        bad.push(one)
      }
    })
    return { handle, announced, bad }
  }
  const notification = { Records: [record('ObjectCreated:Put', event.object)] }

  it('announces what S3 sends it, and keeps what is none', async () => {
    const { handle, announced, bad } = handler()
    await handle(notification)
    expect(announced).toEqual([event])
    await handle({ nothing: true })
    expect(bad).toMatchObject([{ source: 'lambda', reason: expect.stringContaining('no notification') }])
    const failing = handler(() => Promise.reject(new Error('no broker')))
    await expect(failing.handle(notification)).rejects.toThrow('no broker')
  })

  it('asks for the messages of a queue again whose events were not taken', async () => {
    const message = (messageId: string, body: string) => ({ eventSource: 'aws:sqs', messageId, body })
    const other = { Records: [record('ObjectCreated:Put', 'refused.csv')] }
    const { handle, announced, bad } = handler(async ([first]) => {
      if (first?.object === 'refused.csv') throw new Error('no broker')
    })
    const Records = [
      message('a', JSON.stringify(notification)),
      message('b', JSON.stringify(other)),
      message('c', 'what?')
    ]
    expect(await handle({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: 'b' }] })
    expect(announced).toEqual([event])
    expect(bad).toMatchObject([{ source: 'lambda-sqs', text: 'what?' }])
  })
})
