import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { hopHeader } from '../peer.ts'
import { LiveView, type LiveViewOptions } from './live-view.ts'

const folder = join(import.meta.dirname, '../page')
const compress = promisify(gzip)

/** The page's files by their paths. They are the same for everybody and hold nothing of the applications: no token is needed for them. */
const files = [
  ['/live', 'index.html', 'text/html'],
  ['/live/style.css', 'style.css', 'text/css'],
  ['/live/icon.svg', 'icon.svg', 'image/svg+xml'],
  ...[
    'app',
    'connection',
    'describe',
    'dom',
    'events',
    'figures',
    'layout',
    'model',
    'order',
    'panel',
    'picture',
    'rates',
    'scene',
    'tables',
    'tiles',
    'topics'
  ].map((name) => [`/live/${name}.js`, `${name}.js`, 'text/javascript'] as const)
] as const

/** What may be read without the token. */
export const livePage: readonly string[] = ['/', ...files.map(([path]) => path)]

/** Nothing but the page's own files, and no code or style in the markup: what a topic or a step is called cannot become either. */
const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-cache'
}

/**
 * The live graph:
 *
 *   /live         the page, without the token: it asks for it
 *   /live/data    what it shows (`LiveSnapshot`); what another process asks for is of this one alone (`LiveProcess`)
 */
export function addLiveRoutes(server: FastifyInstance, options: LiveViewOptions): void {
  const view = new LiveView(options)
  for (const [path, name, type] of files) {
    const content = readFileSync(join(folder, name))
    server.get(path, (_request, reply) => reply.headers(headers).type(`${type}; charset=utf-8`).send(content))
  }
  server.get('/', (_request, reply) => reply.redirect('live'))
  server.get('/live/data', async (request, reply) => {
    const answer = request.headers[hopHeader] === undefined ? await view.snapshot() : await view.own()
    const body = JSON.stringify(answer)
    reply.header('cache-control', 'no-store').type('application/json; charset=utf-8')
    if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(body)
    // the names in it are the same again and again
    const small = await compress(body, { level: constants.Z_BEST_SPEED })
    return reply.header('content-encoding', 'gzip').send(small)
  })
}
