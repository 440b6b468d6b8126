import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { ApplicationServer, silentLogger } from '../../index.ts'
import { IngestServer } from '../../ingest/events/ingest-server.ts'
import { ObjectStore } from '../../ingest/object-store.ts'

const token = 'a token that is long enough'
let close: () => Promise<void>
afterEach(() => close())

/** Sends that much, and waits until the server has hung up. Returns what it said. */
function sendAndStop(port: number, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(text))
  let said = ''
  socket.on('data', (data) => {
    said += data.toString()
  })
  socket.on('error', () => undefined)
  socket.once('close', () => resolve(said))
  return promise
}

it('ApplicationServer ends a request that does not end', async () => {
  const server = new ApplicationServer({ applications: [], requestTimeoutMs: 200 })
  close = () => server.close()
  const port = await server.listen(0)
  expect(await sendAndStop(port, 'GET /healthz HTTP/1.1\r\nhost: x\r\n')).toContain('408')
  expect(await sendAndStop(port, 'POST /stores HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n[')).not.toBe(
    ''
  )
}, 5_000)

it('IngestServer ends an upload and a notification that stop', async () => {
  const store = new ObjectStore({
    endpoint: 'http://127.0.0.1:1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' }
  })
  const announce = () => Promise.reject(new Error('nothing may be announced'))
  const server = new IngestServer({
    token,
    store,
    buckets: [],
    announce,
    logger: silentLogger,
    idleTimeoutMs: 200
  })
  close = async () => {
    await server.close()
    store.close()
  }
  const port = await server.listen(0)
  const head = `HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`
  expect(await sendAndStop(port, `POST /events ${head}content-length: 9\r\n\r\n[`)).not.toContain('202')
  expect(await sendAndStop(port, `POST /events ${head}`)).not.toContain('202')
}, 5_000)
