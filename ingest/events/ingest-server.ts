import { createHash, timingSafeEqual } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import { type Logger, StreamsError } from '../../index.ts'
import { addUpload, type UploadOptions } from './upload.ts'
import { addWebhook } from './webhook.ts'

export interface IngestServerOptions extends UploadOptions {
  /** Whoever calls must send it: `Authorization: Bearer <token>`. At least 16 characters. */
  readonly token: string
  readonly logger: Logger
  /** A connection on which nothing moves for this long is cut off, ms; uploads may take as long as they go on. Default 60,000. */
  readonly idleTimeoutMs?: number
}

/** By when the head of a request must have arrived, and how late it may be noticed. */
const longestHeadMs = 10_000
const longestCheckMs = 5_000

/** Where files and notifications may be sent to: the webhook and the upload API, for those who know the token. */
export class IngestServer {
  readonly #server: FastifyInstance

  /** Throws CONFIG_INVALID. */
  constructor(options: IngestServerOptions) {
    const { token, logger, idleTimeoutMs = 60_000 } = options
    if (token.length < 16)
      throw new StreamsError('CONFIG_INVALID', 'the token of the ingest server has less than 16 characters')
    const expected = digest(`Bearer ${token}`)
    // names are checked by the routes; long ones should get their answer
    this.#server = Fastify({
      routerOptions: { maxParamLength: 1_024 },
      forceCloseConnections: true,
      connectionTimeout: idleTimeoutMs,
      http: {
        headersTimeout: Math.min(idleTimeoutMs, longestHeadMs),
        connectionsCheckingInterval: Math.min(idleTimeoutMs, longestCheckMs)
      }
    })
    this.#server.addHook('onRequest', async (request, reply) => {
      if (timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) return
      return reply.code(401).header('connection', 'close').send({ error: 'the token is missing or wrong' })
    })
    this.#server.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
      const status = error.statusCode ?? 503
      if (status >= 500) logger.warn(`${request.method} ${request.url}: ${error.message}`)
      return reply.code(status).send({ error: status >= 500 ? 'it did not work; try again' : error.message })
    })
    addWebhook(this.#server, options.announce)
    addUpload(this.#server, options)
  }

  /** Returns the port. Port 0: any free one. */
  async listen(port: number, host = '127.0.0.1'): Promise<number> {
    await this.#server.listen({ port, host })
    const address = this.#server.server.address()
    return typeof address === 'object' && address !== null ? address.port : port
  }

  close(): Promise<void> {
    return this.#server.close()
  }
}

/** Of equal length whatever is sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
