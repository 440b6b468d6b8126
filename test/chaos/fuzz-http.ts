import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fuzzNotification } from './fuzz-events.ts'
import type { FuzzFile } from './fuzz-files.ts'
import { mutated, randomBytes, wildTexts } from './fuzz-mutate.ts'
import { answerMs, type FuzzProcess } from './fuzz-process.ts'
import type { Random } from './random.ts'

/** A request as its bytes, in pieces with pauses between them. */
interface RawRequest {
  readonly what: string
  readonly port: number
  readonly pieces: readonly Buffer[]
  readonly pauseMs?: number
  /** By when the server must have answered or hung up, ms. */
  readonly withinMs?: number
}

export interface HttpAnswer {
  /** Undefined: the server hung up without a word. */
  readonly status: number | undefined
  readonly ms: number
}

const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'BREW',
  ''
] as const
const paths = [
  '/',
  '/healthz',
  '/readyz',
  '/metrics',
  '/topology?format=json',
  '/topology?format=%00',
  '/tasks',
  '/stores',
  '/stores/products/keys/GB%2FS100',
  '/stores/products/keys/%ff%fe',
  '/stores/products/range?limit=5',
  '/stores/products/range?limit=1e9',
  '/stores/products/range?limit=-1&reverse=true',
  '/stores/products/range?page=bm9uc2Vuc2U',
  '/stores/products/range?page=eyJ0YXNrIjo5OTl9',
  '/stores/reconciliation/range?from=a&to=b&view=merged',
  '/stores/rates/keys/GBP?from=yesterday',
  '/stores/rates/keys/GBP?from=0&to=99999999999999999999',
  '/stores/__proto__/keys/constructor',
  '/stores/nothing/range',
  '/../../etc/passwd',
  '/..%2f..%2fetc%2fpasswd',
  '/files/GB/..%2f..%2fsku-us/x.csv',
  '/files/GB/../US/x.csv',
  '/files/ZZ/f1/x.csv',
  '/files/GB/f1/x.exe',
  '/events',
  '//',
  '/%',
  '*',
  'http://example.com/healthz'
] as const
/** Longer than the servers put up with a request that does not go on (`idleTimeoutMs`, `requestTimeoutMs`). */
const slowMs = 90_000

/**
 * What is sent to the servers, of any kind. Uploads of files that count are not among it, nor ones that break off: the local S3 server keeps half an
 * object of those, and fails whenever it is asked for it.
 */
export function fuzzRequest(random: Random, target: FuzzProcess): RawRequest {
  const port = random.pick([target.httpPort, target.ingestPort])
  const token = random.chance(0.7)
    ? `Bearer ${target.token}`
    : random.pick(wildTexts).replaceAll(/[^\x20-\x7e]/g, '?')
  const base = ['host: 127.0.0.1', `authorization: ${token.slice(0, 500)}`]
  const head = (method: string, path: string, headers: readonly string[]) =>
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${[...base, ...headers].join('\r\n')}\r\n\r\n`, 'latin1')
  const json = ['content-type: application/json']
  const text = Buffer.from(fuzzNotification(random, 'f1/1.csv'))
  const kinds: readonly (() => Omit<RawRequest, 'port'> & { readonly port?: number })[] = [
    () => ({
      what: 'a method and a path',
      pieces: [
        head(random.pick(methods), random.chance(0.8) ? random.pick(paths) : oddPath(random), [
          'connection: close'
        ])
      ]
    }),
    () => ({
      what: 'a query',
      port: target.httpPort,
      pieces: [
        head('GET', `${random.pick(paths)}${random.chance(0.5) ? '?' : '&'}${oddQuery(random)}`, [
          'connection: close'
        ])
      ]
    }),
    () => ({
      what: 'huge headers',
      pieces: [
        head('GET', '/healthz', [
          `x-long: ${'h'.repeat(10_000 + random.below(100_000))}`,
          'connection: close'
        ])
      ]
    }),
    () => ({
      what: 'a notification',
      port: target.ingestPort,
      pieces: [
        head('POST', '/events', [...json, `content-length: ${text.length}`, 'connection: close']),
        text
      ]
    }),
    () => ({
      what: 'a body of no known type',
      port: target.ingestPort,
      pieces: [
        head('POST', '/events', [
          `content-type: ${random.pick(['text/xml', 'a/b; =', ''])}`,
          'content-length: 4',
          'connection: close'
        ]),
        randomBytes(random, 4)
      ]
    }),
    () => ({
      what: 'a huge body',
      port: target.ingestPort,
      pieces: [
        head('POST', '/events', [...json, 'content-length: 3000000', 'connection: close']),
        Buffer.alloc(3_000_000, '[')
      ]
    }),
    () => ({
      what: 'a body that is longer or shorter than it says',
      port: target.ingestPort,
      pieces: [
        head('POST', '/events', [
          ...json,
          `content-length: ${Math.max(0, text.length + random.pick([-20, 20, 1e12]))}`
        ]),
        text
      ],
      withinMs: slowMs
    }),
    () => ({
      what: 'a length that is none',
      pieces: [
        head('PUT', '/files/GB/f1/length.csv', [
          `content-length: ${random.pick(['-1', 'x', '1e3', '1, 2'])}`
        ]),
        text
      ]
    }),
    () => ({
      what: 'broken chunks',
      port: target.ingestPort,
      pieces: [
        head('POST', '/events', [...json, 'transfer-encoding: chunked']),
        mutated(random, Buffer.from('5\r\nhello\r\n0\r\n\r\n'))
      ],
      withinMs: slowMs
    }),
    () => ({
      what: 'a head that never ends',
      pieces: Array.from({ length: 8 }, (_, i) =>
        Buffer.from(i === 0 ? 'GET /healthz HTTP/1.1\r\n' : `x-${i}: y\r\n`)
      ),
      pauseMs: 500,
      withinMs: slowMs
    }),
    () => ({
      what: 'a body that stops',
      port: target.ingestPort,
      pieces: [head('POST', '/events', [...json, 'content-length: 1000']), Buffer.from('[')],
      withinMs: slowMs
    }),
    () => ({
      what: 'no HTTP',
      pieces: [randomBytes(random, 1 + random.below(2_000)), Buffer.from('\r\n\r\n')],
      withinMs: slowMs
    }),
    () => ({
      what: 'a spoiled request',
      pieces: [mutated(random, head('GET', random.pick(paths), ['connection: close']))],
      withinMs: slowMs
    })
  ]
  return { port, ...random.pick(kinds)() }
}

/** Uploads a file that counts, as its sender would. */
export async function upload(
  { ingestPort, token }: FuzzProcess,
  { bucket, key, content }: FuzzFile
): Promise<number> {
  const country = bucket.slice(-2).toUpperCase()
  const answer = await fetch(`http://127.0.0.1:${ingestPort}/files/${country}/${key}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'text/csv' },
    body: new Uint8Array(content),
    signal: AbortSignal.timeout(answerMs)
  })
  await answer.arrayBuffer()
  return answer.status
}

/** Sends it, and waits for what comes back. Rejects when nothing comes in time, neither an answer nor an end. */
export async function exchange({
  what,
  port,
  pieces,
  pauseMs = 0,
  withinMs = answerMs
}: RawRequest): Promise<HttpAnswer> {
  const began = performance.now()
  const socket = connect({ port, host: '127.0.0.1' })
  // a server that has answered does not have to read on
  socket.on('error', () => {})
  const answered = new Promise<number | undefined>((resolve) => {
    let head = ''
    socket.on('data', (data) => {
      head += head.length < 64 ? data.toString('latin1') : ''
      const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? []
      // an upload is told to go on before it is answered
      if (status !== undefined && status !== '100') resolve(Number(status))
    })
    socket.once('close', () => resolve(undefined))
  })
  const sent = (async () => {
    for (const piece of pieces) {
      if (socket.destroyed) return
      socket.write(piece)
      if (pauseMs > 0) await sleep(pauseMs)
    }
  })()
  const late = sleep(withinMs, 'late' as const, { ref: false })
  try {
    const status = await Promise.race([answered, late])
    if (status === 'late')
      throw new Error(`${what}: neither an answer nor an end within ${withinMs / 1000} s`)
    await sent
    return { status, ms: performance.now() - began }
  } finally {
    socket.destroy()
  }
}

function oddPath(random: Random): string {
  return `/${mutated(random, Buffer.from(random.pick(paths)))
    .toString('latin1')
    .replaceAll(/\s/g, '')}`
}

function oddQuery(random: Random): string {
  const name = random.pick([
    'limit',
    'from',
    'to',
    'page',
    'view',
    'stale',
    'recordKey',
    'partition',
    'reverse',
    'format',
    '__proto__'
  ])
  return `${name}=${encodeURIComponent(random.pick(wildTexts).toWellFormed())}`
}
