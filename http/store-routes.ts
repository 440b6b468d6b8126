import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { StreamsError } from '../core/errors.ts'
import type { KafkaStreams } from '../runtime/kafka-streams.ts'
import { askForKey, askForRange } from '../runtime/queries/store-query.ts'
import type { Access } from './access.ts'
import { hopHeader } from './peer.ts'
import { type Asked, answerFrom, type Reply, type StoreAnswer, taskOfKey } from './store-answers.ts'

const defaultLimit = 100
const mostEntries = 1_000

interface Query {
  readonly view?: string
  readonly stale?: string
  readonly limit?: string
  readonly from?: string
  readonly to?: string
  readonly reverse?: string
  readonly page?: string
  readonly recordKey?: string
  readonly partition?: string
}

/** Where the next page begins: in the part of a task, after a key. */
interface PageStart {
  readonly task: number
  readonly after?: string
}

type StoreRequest = FastifyRequest<{ Params: { name: string; key?: string }; Querystring: Query }>

/**
 * Interactive queries (KIP-67, KIP-535):
 *
 *   /stores                    the stores, and whose parts are here
 *   /stores/NAME/keys/KEY      the value of a key, or its windows, sessions or versions; `from` and `to` bound those, in ms or as ISO 8601
 *   /stores/NAME/range         keys `from` to `to`, in pages: the parts one after the other, each in the order of its keys' bytes.
 *                              `page` is the `next` of the page before; `reverse=true`
 *
 * `limit` is the most entries (100; at most 1,000), `view` is `committed` or `merged`, `stale=true` allows an answer from a copy, which tells its lag.
 * A key held elsewhere is answered through its owner. Where the keys of a store are others than those its records are partitioned by, as in a
 * processor's own store, `recordKey` is to be given: it is read as the store's keys are. Where the records' keys have another serde, or another
 * partitioner placed them, `partition` says where to look.
 *
 * Each page is read from one snapshot; `position` tells whether the part has changed between two pages of a task.
 */
export function addStoreRoutes(
  server: FastifyInstance,
  options: Access & { readonly applications: readonly KafkaStreams[] }
): void {
  const { applications } = options

  server.get('/stores', async () =>
    applications.flatMap((application) =>
      [...application.topology.stores.values(), ...application.topology.globalStores.values()].map(
        ({ name }) => ({
          application: application.applicationId,
          store: name,
          kind: application.stores.definition(name).kind,
          parts: application.stores.local(name).map(({ task, role, running }) => ({ task, role, running }))
        })
      )
    )
  )

  server.get('/stores/:name/keys/:key', async (request: StoreRequest, reply) => {
    const { key = '' } = request.params
    const asked = askedBy(request, applications)
    const { from, to, recordKey, partition } = request.query
    if (recordKey !== undefined && partition !== undefined)
      throw new StreamsError('DESERIALIZATION', 'recordKey and partition: one of them')
    const question = { key, limit: limitOf(request.query), ...times(from, to) }
    const task = taskOfKey(asked.application, asked.store, { recordKey: recordKey ?? key, partition })
    const definition = asked.application.stores.definition(asked.store)
    return send(
      reply,
      await answerFrom(task, asked, options, (store, view) => askForKey(store, definition, view, question))
    )
  })

  server.get('/stores/:name/range', async (request: StoreRequest, reply) => {
    const asked = askedBy(request, applications)
    const { from, to, reverse, page } = request.query
    const tasks = asked.application.stores.tasks(asked.store)
    const { task: index, after } = page === undefined ? { task: 0 } : pageStart(page)
    const task = tasks[index]
    if (task === undefined) throw new StreamsError('DESERIALIZATION', 'page is none of this store')
    const definition = asked.application.stores.definition(asked.store)
    const question = {
      limit: limitOf(request.query),
      reverse: reverse === 'true',
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(after === undefined ? {} : { after })
    }
    const found = await answerFrom(task, asked, options, (store, view) =>
      askForRange(store, definition, view, question)
    )
    return send(reply, found.status === 200 ? withNext(found, index, tasks.length) : found)
  })
}

function askedBy(request: StoreRequest, applications: readonly KafkaStreams[]): Asked {
  const { name } = request.params
  const { view, stale } = request.query
  const application = applications.find(
    ({ topology }) => topology.stores.has(name) || topology.globalStores.has(name)
  )
  if (application === undefined)
    throw new StreamsError('STORE_UNKNOWN', `no application here has a store "${name}"`)
  if (view !== undefined && view !== 'committed' && view !== 'merged')
    throw new StreamsError('DESERIALIZATION', 'view is committed or merged')
  const passedOn = request.headers[hopHeader] !== undefined
  return { application, store: name, view, stale: stale === 'true', passedOn, path: request.url }
}

/** Adds where the next page begins, unless the owner that answered has done so. */
function withNext(found: Reply, index: number, tasks: number): Reply {
  const answer = JSON.parse(found.body) as StoreAnswer & { readonly next?: string | null }
  if (answer.next !== undefined) return found
  const start: PageStart | undefined = answer.more
    ? { task: index, ...(answer.lastKey === null ? {} : { after: answer.lastKey }) }
    : index + 1 < tasks
      ? { task: index + 1 }
      : undefined
  const next = start === undefined ? null : Buffer.from(JSON.stringify(start)).toString('base64url')
  return { ...found, body: JSON.stringify({ ...answer, next }) }
}

function pageStart(page: string): PageStart {
  try {
    const { task, after } = JSON.parse(Buffer.from(page, 'base64url').toString()) as PageStart
    if (Number.isInteger(task) && (after === undefined || typeof after === 'string'))
      return after === undefined ? { task } : { task, after }
  } catch {
    // said below
  }
  throw new StreamsError('DESERIALIZATION', 'page is not what an answer gave as its next')
}

function limitOf({ limit }: Query): number {
  const entries = limit === undefined ? defaultLimit : Number(limit)
  if (!Number.isInteger(entries) || entries < 1 || entries > mostEntries)
    throw new StreamsError('DESERIALIZATION', `limit is 1 to ${mostEntries}`)
  return entries
}

function times(from: string | undefined, to: string | undefined): { fromMs?: number; toMs?: number } {
  return {
    ...(from === undefined ? {} : { fromMs: timeOf(from) }),
    ...(to === undefined ? {} : { toMs: timeOf(to) })
  }
}

function timeOf(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(ms)) throw new StreamsError('DESERIALIZATION', `"${text}" is no time: ms, or ISO 8601`)
  return ms
}

function send(reply: FastifyReply, { status, body, retryAfterMs }: Reply): FastifyReply {
  if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / 1000))
  return reply.code(status).type('application/json; charset=utf-8').send(body)
}
