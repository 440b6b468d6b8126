import { Agent, get } from 'node:http'
import { rateOf } from './replicas-feeder.ts'

const timeoutMs = 10_000

/** What an account's total may be, as of the moment of the answer. */
export interface Bounds {
  /** What an owner has answered before: what is committed stays. */
  atLeast: number
  atMost(): number
  /** The replica asked is being killed, or is not back yet. */
  maySilent(): boolean
}

export interface QueryTally {
  /** By the task's owner. */
  owners: number
  copies: number
  mostLag: number
  /** 503, with the task and the time to ask again. */
  unavailable: number
  /** The replica asked was not there, and need not be. */
  unreachable: number
  readonly wrong: string[]
  /** Of all answers, ms. */
  readonly latencies: number[]
}

interface Answer {
  readonly role?: string
  readonly lag?: number | null
  readonly task?: string
  readonly retryAfterMs?: number
  readonly entries?: readonly { readonly value: { count: number; cents: number; weighted: number } }[]
}

export function newTally(): QueryTally {
  return { owners: 0, copies: 0, mostLag: 0, unavailable: 0, unreachable: 0, wrong: [], latencies: [] }
}

/** Asks replicas for totals over HTTP, and judges what they say. */
export class QueryClient {
  readonly #agent = new Agent({ keepAlive: true })
  readonly tally: QueryTally

  constructor(tally: QueryTally) {
    this.tally = tally
  }

  /** One question. Resolves with the account's count, undefined where there was no answer, which of a replica that is there is wrong. */
  async ask(port: number, account: number, stale: boolean, bounds: Bounds): Promise<number | undefined> {
    const { tally } = this
    const began = performance.now()
    // it may be back by the time that the question fails
    const wasAway = bounds.maySilent()
    const path = `/stores/totals/keys/a${account}${stale ? '?stale=true' : ''}`
    let reply: { readonly status: number; readonly body: string }
    try {
      reply = await this.#get(port, path)
    } catch (error) {
      if (wasAway || bounds.maySilent()) tally.unreachable++
      else tally.wrong.push(`no answer from a replica that is there: a${account} ${String(error)}`)
      return undefined
    }
    tally.latencies.push(performance.now() - began)
    const wrong = (why: string) => tally.wrong.push(`${why}: a${account} ${reply.status} ${reply.body}`)
    const answer = JSON.parse(reply.body) as Answer
    if (reply.status === 503) {
      if (answer.task === undefined || !((answer.retryAfterMs ?? 0) > 0)) wrong('says not until when')
      tally.unavailable++
      return undefined
    }
    if (reply.status !== 200 || answer.entries === undefined) {
      wrong('no answer')
      return undefined
    }
    const { count, cents, weighted } = answer.entries[0]?.value ?? { count: 0, cents: 0, weighted: 0 }
    if (weighted !== cents * rateOf(account)) wrong('not a sum')
    if (count > bounds.atMost()) wrong(`more than the ${bounds.atMost()} written`)
    if (answer.role === 'active') {
      if (count < bounds.atLeast) wrong(`less than the ${bounds.atLeast} answered before`)
      tally.owners++
    } else {
      if (!stale) wrong('a copy answered a question that wants the owner')
      if (typeof answer.lag !== 'number') wrong('a copy that does not tell its lag')
      tally.copies++
      tally.mostLag = Math.max(tally.mostLag, answer.lag ?? 0)
      return undefined
    }
    return count
  }

  close(): void {
    this.#agent.destroy()
  }

  #get(port: number, path: string): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(timeoutMs)
      const request = get({ host: '127.0.0.1', port, path, agent: this.#agent, signal }, (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (text: string) => {
          body += text
        })
        response.once('error', reject)
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body }))
      })
      request.once('error', (error: NodeJS.ErrnoException) => {
        // the server may close a connection that rests just when it is used again
        if (request.reusedSocket && error.code === 'ECONNRESET') resolve(this.#get(port, path))
        else reject(error)
      })
    })
  }
}
