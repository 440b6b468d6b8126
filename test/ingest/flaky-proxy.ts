import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What becomes of a request: it goes through, is refused as by a store that is asked too much, breaks off after some bytes, or gets no answer. */
export type Fate = 'through' | 'slow down' | 'silence' | { readonly breakAfter: number }

export interface FlakyProxy {
  readonly url: string
  /** Of all requests so far, by what became of them. */
  readonly counts: ReadonlyMap<string, number>
  close(): Promise<void>
}

const slowDown =
  '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'

/** Stands before a store and lets each request have its fate. */
export async function startFlakyProxy(
  target: string,
  fateOf: (request: IncomingMessage) => Fate
): Promise<FlakyProxy> {
  const counts = new Map<string, number>()
  const server = createServer((incoming, outgoing) => {
    const fate = fateOf(incoming)
    const name = typeof fate === 'string' ? fate : 'break off'
    counts.set(name, (counts.get(name) ?? 0) + 1)
    if (fate === 'silence') return
    if (fate === 'slow down') {
      outgoing.writeHead(503, { 'content-type': 'application/xml' }).end(slowDown)
      return
    }
    forward(target, incoming, outgoing, fate === 'through' ? Number.POSITIVE_INFINITY : fate.breakAfter)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

function forward(target: string, incoming: IncomingMessage, outgoing: ServerResponse, most: number): void {
  // the host stays what the client signed
  const options = { method: incoming.method, headers: incoming.headers }
  const sent = request(`${target}${incoming.url}`, options, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    let bytes = 0
    answer.on('data', (piece: Buffer) => {
      bytes += piece.length
      if (bytes >= most) outgoing.destroy()
      else outgoing.write(piece)
    })
    answer.on('end', () => outgoing.end())
  })
  sent.on('error', () => outgoing.destroy())
  incoming.pipe(sent)
}
