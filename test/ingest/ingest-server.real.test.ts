import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../index.ts'
import { IngestServer } from '../../ingest/events/ingest-server.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import { IngestFixture, once, salesCsv, salesRows } from './ingest-fixture.ts'

const token = 'a token that is long enough'
const maxBytes = 2 * 1024 * 1024

let fixture: IngestFixture
let ingest: Ingest
let server: IngestServer
let url: string

beforeAll(async () => {
  fixture = await IngestFixture.open()
  ingest = await fixture.start()
  server = new IngestServer({
    token,
    store: fixture.objectStore,
    buckets: fixture.buckets,
    announce: (events) => ingest.announce(events),
    maxBytes,
    logger: silentLogger
  })
  url = `http://127.0.0.1:${await server.listen(0)}`
})

afterAll(async () => {
  await server.close()
  await fixture.close()
})

async function call(
  method: string,
  path: string,
  body: string | Buffer,
  headers: Record<string, string> = {}
) {
  const response = await fetch(`${url}${path}`, {
    method,
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: { authorization: `Bearer ${token}`, ...headers }
  })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}

describe('PUT /files', () => {
  it('stores a file, announces it, and tells its etag', async () => {
    const big = Buffer.from(salesCsv(30_000))
    const headers = { 'x-store-category': 'chain', 'x-chain': 'FoodMart', 'content-type': 'text/csv' }
    const { status, answer } = await call('PUT', '/files/US/1/1997-01.csv', big, headers)
    expect(status).toBe(201)
    await fixture.finished()
    expect(answer).toEqual({
      file: `${fixture.us}/1/1997-01.csv`,
      etag: (await fixture.objectStore.head(fixture.us, '1/1997-01.csv'))?.etag,
      versionId: null
    })
    expect(await fixture.balance('1/1997-01.csv')).toEqual(once(salesRows(30_000)))
    expect(await fixture.last('1/1997-01.csv')).toMatchObject({
      state: 'done',
      rows: 30_000,
      chain: 'FoodMart'
    })

    const json = { 'content-type': 'application/json' }
    expect((await call('PUT', '/files/CA/9/a.csv.gz', gzipSync(salesCsv(3)), json)).status).toBe(201)
    expect((await call('PUT', '/files/US/1/empty.csv', '')).status).toBe(201)
    await fixture.finished()
    expect((await fixture.chunks('9/a.csv.gz', fixture.ca))[0]?.text).toBe(salesRows(3))
    expect(await fixture.last('1/empty.csv')).toMatchObject({ state: 'rejected' })
  })

  it.each([
    ['/files/FR/1/a.csv', 404],
    ['/files/US/1/a.txt', 400],
    ['/files/US/1/..%2f..%2fa.csv', 400],
    ['/files/US/..%2f1/a.csv', 400],
    ['/files/US/%2e%2e/a.csv', 404],
    ['/files/US/reference/stores.csv', 400],
    ['/files/US/.1/a.csv', 400],
    [`/files/US/1/${'a'.repeat(300)}.csv`, 400],
    ['/files/US/1/a%00.csv', 400]
  ])('refuses %s', async (path, status) => {
    expect((await call('PUT', path, 'x')).status).toBe(status)
  })

  it('refuses what is too large, or of unknown length, or from strangers', async () => {
    expect((await call('PUT', '/files/US/1/large.csv', Buffer.alloc(maxBytes + 1))).status).toBe(413)
    const chunked = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'transfer-encoding': 'chunked' }
      const sent = request(`${url}/files/US/1/chunked.csv`, { method: 'PUT', headers }, ({ statusCode }) =>
        resolve(statusCode)
      )
      sent.on('error', reject)
      sent.end('a,b\n')
    })
    expect(chunked).toBe(411)
    for (const authorization of ['', 'Bearer no', `Basic ${token}`])
      expect((await call('PUT', '/files/US/1/stranger.csv', 'x', { authorization })).status).toBe(401)
    const objects: string[] = []
    for await (const { key } of fixture.objectStore.list(fixture.us)) objects.push(key)
    expect(objects.filter((key) => /large|chunked|stranger/.test(key))).toEqual([])
  })

  it('announces nothing of a file that breaks off', async () => {
    await new Promise<void>((resolve) => {
      const headers = { authorization: `Bearer ${token}`, 'content-length': 1_000_000 }
      const sent = request(`${url}/files/US/1/half.csv`, { method: 'PUT', headers })
      sent.on('error', () => {})
      sent.on('close', () => resolve())
      sent.write(Buffer.alloc(100_000), () => setTimeout(() => sent.destroy(), 50))
    })
    // what had been announced before it would be read by then
    expect((await call('PUT', '/files/US/1/after-half.csv', salesCsv(2))).status).toBe(201)
    await fixture.finished()
    expect(await fixture.last('1/after-half.csv')).toMatchObject({ state: 'done', rows: 2 })
    expect(await fixture.states('1/half.csv')).toEqual([])
  })
})

describe('POST /events', () => {
  const json = { 'content-type': 'application/json' }

  it('takes notifications, and says what is wrong with others', async () => {
    await fixture.put('1/posted.csv', salesCsv(7))
    const record = {
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: fixture.us }, object: { key: '1/posted.csv' } }
    }
    const taken = await call('POST', '/events', JSON.stringify({ Records: [record] }), json)
    expect(taken).toEqual({ status: 202, answer: { events: 1 } })
    await fixture.finished()
    expect(await fixture.last('1/posted.csv')).toMatchObject({ state: 'done', rows: 7 })
    expect(await call('POST', '/events', '{"Records":[{}]}', json)).toMatchObject({
      status: 400,
      answer: { error: expect.stringContaining('Records.0.eventName') }
    })
    expect((await call('POST', '/events', '{', json)).status).toBe(400)
    expect((await call('POST', '/events', JSON.stringify('x'.repeat(1_100_000)), json)).status).toBe(413)
    expect((await call('POST', '/events', '{}', { ...json, authorization: 'x' })).status).toBe(401)
  })
})
