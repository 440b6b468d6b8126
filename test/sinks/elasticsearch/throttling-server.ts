import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Passes requests on to Elasticsearch, and answers some bulk requests as one does that has too much to do. */
export class ThrottlingServer {
  /** How many of the next bulk requests are turned away as a whole. */
  whole = 0
  /** How many of the next bulk requests have their first action turned away, and the others done. */
  first = 0
  bulks = 0
  readonly #server: Server

  constructor(target: string) {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      let body = Buffer.concat(chunks)
      const isBulk = request.url?.includes('_bulk') === true
      if (isBulk) this.bulks++
      const answer = (status: number, text: string): void => {
        response
          .writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' })
          .end(text)
      }
      const busy = { type: 'es_rejected_execution_exception', reason: 'the queue is full' }
      if (isBulk && this.whole > 0) {
        this.whole--
        return answer(429, JSON.stringify({ error: busy, status: 429 }))
      }
      const cutsFirst = isBulk && this.first > 0
      if (cutsFirst) {
        this.first--
        body = body.subarray(body.indexOf(10, body.indexOf(10) + 1) + 1)
      }
      const { method = 'GET', url = '/', headers } = request
      const found = await fetch(new URL(url, target), {
        method,
        headers: {
          'content-type': headers['content-type'] ?? 'application/json',
          accept: headers.accept ?? '*/*'
        },
        ...(body.length > 0 ? { body } : {})
      })
      const text = await found.text()
      if (!cutsFirst) return answer(found.status, text)
      const { items = [] } = JSON.parse(text) as { items?: object[] }
      answer(
        200,
        JSON.stringify({ errors: true, items: [{ index: { status: 429, error: busy } }, ...items] })
      )
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
