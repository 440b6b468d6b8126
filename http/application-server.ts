import { createRequire } from 'node:module'
import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { hasCode } from '../core/errors.ts'
import { type Logger, silentLogger } from '../core/logger.ts'
import type { KafkaStreams } from '../runtime/kafka-streams.ts'
import { type Access, checkAccess, isLoopbackHost, tokenCheck } from './access.ts'
import { addLiveRoutes, livePage } from './live/live-routes.ts'
import { mergedMetrics } from './merged-metrics.ts'
import { addStoreRoutes } from './store-routes.ts'

export interface ApplicationServerOptions extends Access {
  /** The applications of this process. */
  readonly applications: readonly KafkaStreams[]
  /** Further metrics for `/metrics`, such as those of sinks. */
  readonly registries?: readonly Registry[]
  readonly logger?: Logger
  /** By when a request must have arrived whole, ms: who sends a byte now and then is cut off. Default 10,000. */
  readonly requestTimeoutMs?: number
}

const require = createRequire(import.meta.url)

/** How late a request that takes too long may be noticed. */
const longestCheckMs = 5_000

/** Without the token: whether this process is well, and no more, for probes; and the page, which holds nothing of the applications. */
const open: ReadonlySet<string> = new Set(['/healthz', '/readyz', ...livePage])
/** By whatever name: Prometheus may know this machine by one. */
const byAnyName: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])

/**
 * Shows the applications of this process over HTTP:
 *
 *   /healthz    200 while no application has ended; for liveness probes, without the token
 *   /readyz     200 when every application runs and its active tasks are restored; for readiness probes, without the token
 *   /metrics    for Prometheus
 *   /topology   the graphs, `?format=text|json|mermaid`
 *   /tasks      what this process holds, in which role, and how far behind copies are
 *   /stores     interactive queries (see `addStoreRoutes`)
 *   /live       the live graph, a page for people (see `addLiveRoutes`)
 */
export class ApplicationServer {
  readonly #options: ApplicationServerOptions
  readonly #server: FastifyInstance
  readonly #process = new Registry()

  /** Throws CONFIG_INVALID. */
  constructor(options: ApplicationServerOptions) {
    this.#options = options
    const { tls, token, logger = silentLogger, requestTimeoutMs = 10_000 } = options
    checkAccess(options, '127.0.0.1')
    collectDefaultMetrics({ register: this.#process })
    const patience = {
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(requestTimeoutMs, longestCheckMs)
    }
    const https = tls && { ...tls, ...patience, requestCert: true, rejectUnauthorized: true }
    const settings = {
      forceCloseConnections: true,
      routerOptions: { maxParamLength: 4_096 },
      requestTimeout: requestTimeoutMs
    } as const
    // loaded by who uses it, as Elasticsearch's client is
    const { fastify } = require('fastify') as typeof import('fastify')
    this.#server = (https === undefined
      ? fastify({ ...settings, http: patience })
      : fastify({ ...settings, https })) as unknown as FastifyInstance
    const knows = tokenCheck(token)
    this.#server.addHook('onRequest', async (request, reply) => {
      const route = request.routeOptions.url ?? ''
      if (
        token === undefined &&
        tls === undefined &&
        !byAnyName.has(route) &&
        !isLoopbackHost(request.headers.host)
      )
        return reply.code(403).send({ error: 'without a token this is for 127.0.0.1 and localhost alone' })
      if (knows(request.headers.authorization) || open.has(route)) return
      return reply.code(401).send({ error: 'the token is missing or wrong' })
    })
    this.#server.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
      const status = statusOf(error)
      // addresses hold keys, which are contents of records
      if (status >= 500) logger.warn(`${request.method} ${request.routeOptions.url}: ${error.message}`)
      return reply.code(status).send({ error: error.message })
    })
    this.#addHealth()
    this.#addMetrics()
    this.#addTopology()
    addStoreRoutes(this.#server, options)
    addLiveRoutes(this.#server, options)
  }

  /** Returns the port. Port 0: any free one. Throws CONFIG_INVALID where others could reach it without a token or TLS. */
  async listen(port: number, host = '127.0.0.1'): Promise<number> {
    checkAccess(this.#options, host)
    await this.#server.listen({ port, host })
    const address = this.#server.server.address()
    return typeof address === 'object' && address !== null ? address.port : port
  }

  close(): Promise<void> {
    return this.#server.close()
  }

  #addHealth(): void {
    const { applications } = this.#options
    const states = () =>
      Object.fromEntries(applications.map(({ applicationId, state }) => [applicationId, state]))
    this.#server.get('/healthz', async (_request, reply) => {
      const well = applications.every(({ state }) => state !== 'ERROR' && state !== 'NOT_RUNNING')
      return reply.code(well ? 200 : 503).send({ healthy: well, applications: states() })
    })
    this.#server.get('/readyz', async (_request, reply) => {
      const ready = applications.every(({ state }) => state === 'RUNNING')
      const waiting = applications.flatMap((one) =>
        one
          .tasks()
          .flatMap(({ id, role, running }) =>
            role === 'active' && !running ? [`${one.applicationId}/${id}`] : []
          )
      )
      return reply.code(ready ? 200 : 503).send({ ready, applications: states(), restoring: waiting })
    })
  }

  #addMetrics(): void {
    const { applications, registries = [] } = this.#options
    this.#server.get('/metrics', async (_request, reply) => {
      const { text, contentType } = await mergedMetrics([
        this.#process,
        ...applications.map(({ metrics }) => metrics.registry),
        ...registries
      ])
      return reply.header('content-type', contentType).send(text)
    })
  }

  #addTopology(): void {
    const { applications } = this.#options
    this.#server.get<{ Querystring: { format?: string } }>('/topology', async (request, reply) => {
      const { format = 'text' } = request.query
      const graphs = applications.map(({ applicationId, topology }) => ({
        applicationId,
        description: topology.describe()
      }))
      if (format === 'json')
        return Object.fromEntries(
          graphs.map(({ applicationId, description }) => [applicationId, description])
        )
      if (format !== 'text' && format !== 'mermaid')
        return reply.code(400).send({ error: 'format is text, json or mermaid' })
      // one graph is one document; of several, each has its name in front, as a comment
      const mark = format === 'mermaid' ? '%%' : '#'
      const parts = graphs.map(({ applicationId, description }) => {
        const text = format === 'mermaid' ? description.toMermaid() : String(description)
        return graphs.length === 1 ? text : `${mark} ${applicationId}\n${text}`
      })
      return reply.type('text/plain; charset=utf-8').send(parts.join('\n'))
    })
    this.#server.get('/tasks', async () =>
      applications.flatMap((one) =>
        one.tasks().map(({ id, role, running, lag }) => ({
          application: one.applicationId,
          task: id,
          role,
          running,
          lag: lag ?? null
        }))
      )
    )
  }
}

function statusOf(error: Error & { statusCode?: number }): number {
  if (hasCode(error, 'STORE_UNKNOWN')) return 404
  if (hasCode(error, 'DESERIALIZATION') || hasCode(error, 'SERIALIZATION')) return 400
  // closed between the look-up and the read: the task moves
  if (hasCode(error, 'STORE_CLOSED')) return 503
  return error.statusCode ?? 500
}
