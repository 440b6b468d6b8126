import type { Client, errors } from '@elastic/elasticsearch'
import { elasticsearch } from './client-library.ts'
import { isPassing } from './failures.ts'

/** One write of a bulk request: its lines, without the last line feed. */
export interface BulkAction {
  readonly lines: string
  /** Bytes of `lines`. */
  readonly bytes: number
}

/**
 * - `done`: it has its effect (the deletion of a document that is not there, too)
 * - `conflict`: the index holds this version or a later one
 * - `refused`: it will never be accepted
 * - `later`: to be sent again
 */
export interface BulkOutcome {
  readonly kind: 'done' | 'conflict' | 'refused' | 'later'
  readonly reason: string
}

interface BulkAnswer {
  readonly errors: boolean
  readonly items?: readonly Readonly<Record<string, { status: number; error?: ItemError }>>[]
}

interface ItemError {
  readonly type?: string
  readonly reason?: string
  readonly caused_by?: ItemError
}

const done: BulkOutcome = { kind: 'done', reason: '' }

/**
 * Sends the actions in requests of at most `maxBytes` (one larger action goes alone). One outcome for each, in order. Throws what
 * the client throws if a request fails as a whole for a reason that is not in its actions.
 */
export async function sendBulk(
  client: Client,
  actions: readonly BulkAction[],
  maxBytes: number
): Promise<BulkOutcome[]> {
  const outcomes: BulkOutcome[] = []
  let from = 0
  while (from < actions.length) {
    let to = from
    let bytes = 0
    do bytes += (actions[to++] as BulkAction).bytes + 1
    while (to < actions.length && bytes + (actions[to] as BulkAction).bytes < maxBytes)
    outcomes.push(...(await sendOne(client, actions.slice(from, to))))
    from = to
  }
  return outcomes
}

async function sendOne(client: Client, actions: readonly BulkAction[]): Promise<BulkOutcome[]> {
  try {
    const answer = (await client.bulk({
      operations: actions.map((action) => action.lines),
      // outcomes alone: whole items are larger than many a document
      filter_path: 'errors,items.*.status,items.*.error'
    })) as unknown as BulkAnswer
    if (!answer.errors) return actions.map(() => done)
    return actions.map((_, at) => outcomeOf(Object.values(answer.items?.[at] ?? {})[0]))
  } catch (error) {
    if (!blamesActions(error)) throw error
    // the request as a whole was found too large or malformed: the halves tell whose fault it is
    if (actions.length === 1) return [{ kind: 'refused', reason: error.message }]
    const half = actions.length >> 1
    const left = await sendOne(client, actions.slice(0, half))
    return left.concat(await sendOne(client, actions.slice(half)))
  }
}

function blamesActions(error: unknown): error is errors.ResponseError {
  if (!(error instanceof elasticsearch().errors.ResponseError)) return false
  return error.statusCode === 400 || error.statusCode === 413
}

/** A missing item was not answered for. 403 is an index that is blocked for writing, 404 one that is away: people mend these. */
function outcomeOf(item: { status: number; error?: ItemError } | undefined): BulkOutcome {
  if (item === undefined) return { kind: 'later', reason: 'no answer' }
  const { status, error } = item
  if (error === undefined) return done
  if (status === 409) return { kind: 'conflict', reason: reasonOf(error) }
  const passing = isPassing(status) || status === 401 || status === 403 || status === 404
  return { kind: passing ? 'later' : 'refused', reason: reasonOf(error) }
}

function reasonOf(error: ItemError): string {
  const reason = error.reason ?? error.type ?? 'unknown'
  return error.caused_by === undefined ? reason : `${reason}: ${reasonOf(error.caused_by)}`
}
