import { StreamsError } from '../core/errors.ts'
import type { KafkaStreams } from '../runtime/kafka-streams.ts'
import { keyOfText } from '../runtime/queries/key-text.ts'
import type { LocalStore } from '../runtime/queries/local-store.ts'
import type { StoreEntry, StorePage, StoreView } from '../runtime/queries/store-query.ts'
import type { Access } from './access.ts'
import { askPeer } from './peer.ts'

/** What a question to a store says beside the question itself. */
export interface Asked {
  readonly application: KafkaStreams
  readonly store: string
  /** Default: `committed` under exactly-once, else `merged`. */
  readonly view: StoreView | undefined
  /** Copies may answer, too. */
  readonly stale: boolean
  /** Another process has passed it on: it goes no further. */
  readonly passedOn: boolean
  /** Path and query, for who it is passed on to. */
  readonly path: string
}

/** A page, and where it comes from. */
export interface StoreAnswer {
  readonly task: string
  readonly role: LocalStore['role']
  readonly view: StoreView
  /** Changelog records that the store behind it lacks: 0 but for copies. */
  readonly lag: number
  readonly position: number | null
  readonly entries: readonly StoreEntry[]
  readonly more: boolean
  /** See `StorePage`. */
  readonly lastKey: string | null
}

export interface Reply {
  readonly status: number
  /** JSON. */
  readonly body: string
  /** When to ask again, ms. */
  readonly retryAfterMs?: number
}

/** While a task restores or moves, it is not known for how long. */
const soonMs = 1_000
const peerTimeoutMs = 5_000

/**
 * Answers from the store of the task that has the answer: here, or at its owner. Where that is not possible, and only if it may be stale, from a
 * copy. Else 503: the answer says which task and until when at most, or when to look again.
 */
export async function answerFrom(
  task: string,
  asked: Asked,
  access: Access,
  read: (store: LocalStore['store'], view: StoreView) => StorePage
): Promise<Reply> {
  const { application, store, stale, passedOn, path } = asked
  const { applicationServer, processingGuarantee, sessionTimeoutMs } = application.settings
  const local = application.stores.local(store).find((one) => one.task === task)
  const answerHere = ({ role, lag, store: part }: LocalStore): Reply => {
    const usual = processingGuarantee === 'exactly_once_v2' ? 'committed' : 'merged'
    const view = role === 'active' ? (asked.view ?? usual) : 'committed'
    const { position = null, lastKey = null, ...page } = read(part, view)
    const answer: StoreAnswer = { task, role, view, lag: lag ?? 0, position, ...page, lastKey }
    return { status: 200, body: JSON.stringify(answer) }
  }
  if (local?.running === true && (local.role === 'global' || local.role === 'active'))
    return answerHere(local)
  // a copy that does not know yet how far behind it is has no answer that anybody could judge
  const copy = local !== undefined && local.role !== 'active' && local.lag !== undefined ? local : undefined
  if (passedOn)
    return stale && copy !== undefined
      ? answerHere(copy)
      : unavailable(task, `task ${task} does not run here`, soonMs)

  const clients = application.metadataForAllClients()
  const owner = clients.find(({ active }) => active.includes(task))?.endpoint
  let silent = false
  if (owner !== undefined && owner !== applicationServer) {
    const reply = await ask(owner)
    if (reply !== undefined && reply.status !== 503) return reply
    silent = reply === undefined
  }
  if (stale) {
    if (copy !== undefined) return answerHere(copy)
    for (const { standby, endpoint } of clients) {
      if (!standby.includes(task) || endpoint === applicationServer) continue
      const reply = await ask(endpoint)
      if (reply?.status === 200) return reply
    }
  }
  if (silent)
    return unavailable(
      task,
      `the owner of task ${task} does not answer; its place is given away when its session ends`,
      sessionTimeoutMs
    )
  if (owner !== undefined && owner === applicationServer && application.settings.threadModule !== undefined) {
    const error = `task ${task} runs in a worker thread, whose stores cannot be read`
    return { status: 501, body: JSON.stringify({ error, task }) }
  }
  const why =
    local === undefined
      ? 'has no owner that answers queries'
      : 'is being restored, or this process has lost its place in the group'
  return unavailable(task, `task ${task} ${why}`, soonMs)

  async function ask(endpoint: string): Promise<Reply | undefined> {
    try {
      return await askPeer(endpoint, path, access, peerTimeoutMs)
    } catch {
      return undefined
    }
  }
}

/**
 * The task that has a key. `recordKey`: what its records are partitioned by, where that is another than the key in the store; it is read as the
 * store's keys are. Where those of the records have another serde, their partition must be given. Throws DESERIALIZATION, STORE_UNKNOWN.
 */
export function taskOfKey(
  application: KafkaStreams,
  store: string,
  { recordKey, partition: given }: { readonly recordKey: string; readonly partition?: string | undefined }
): string {
  const { key: serde } = application.stores.definition(store)
  const tasks = application.stores.tasks(store)
  if (given !== undefined) {
    const task = /^\d{1,9}$/.test(given) ? tasks[Number(given)] : undefined
    if (task === undefined)
      throw new StreamsError('DESERIALIZATION', `partition of "${store}" is 0 to ${tasks.length - 1}`)
    return task
  }
  const { partition } = application.queryMetadataForKey(store, keyOfText(serde, recordKey), serde)
  const task = tasks[Math.max(0, partition)]
  if (task === undefined)
    throw new StreamsError('STORE_UNKNOWN', `no task has partition ${partition} of "${store}"`)
  return task
}

function unavailable(task: string, error: string, retryAfterMs: number): Reply {
  return { status: 503, body: JSON.stringify({ error, task, retryAfterMs }), retryAfterMs }
}
