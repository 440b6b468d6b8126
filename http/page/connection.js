/**
 * @typedef {import('../live/live-types.ts').LiveSnapshot} LiveSnapshot
 * @typedef {import('../../topology/described.ts').DescribedTopology} DescribedTopology
 * @typedef {'connecting' | 'live' | 'lost' | 'token' | 'paused'} State token: it is asked for, or for another one
 */

const everyMs = 1_000
const timeoutMs = 5_000
const longestPauseMs = 8_000
const tokenKey = 'store-sku-token'

/**
 * Asks for what there is to see, again and again: one question at a time, each with a time limit, with longer pauses while nobody answers, and not
 * at all while the page is hidden. The token stays in the tab (`sessionStorage`) and goes to where the page came from, nowhere else.
 */
export class Connection {
  /** @type {(snapshot: LiveSnapshot, topologies: Record<string, DescribedTopology>) => void} */
  #onSnapshot
  /** @type {(state: State, problem: string, wrongToken: boolean) => void} */
  #onState
  #graph = ''
  /** @type {Record<string, DescribedTopology>} */
  #topologies = {}
  #failures = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  #asking = false
  /** Something changed while it was asking. */
  #again = false

  /**
   * @param {(snapshot: LiveSnapshot, topologies: Record<string, DescribedTopology>) => void} onSnapshot
   * @param {(state: State, problem: string, wrongToken: boolean) => void} onState
   */
  constructor(onSnapshot, onState) {
    this.#onSnapshot = onSnapshot
    this.#onState = onState
  }

  start() {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#onState('paused', '', false)
      else this.#soon(0)
    })
    this.#soon(0)
  }

  get hasToken() {
    return sessionStorage.getItem(tokenKey) !== null
  }

  /** @param {string | undefined} token undefined: forget it */
  useToken(token) {
    if (token === undefined) sessionStorage.removeItem(tokenKey)
    else sessionStorage.setItem(tokenKey, token)
    this.#soon(0)
  }

  /** @param {number} ms */
  #soon(ms) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#ask(), ms)
  }

  async #ask() {
    this.#again = this.#asking
    if (this.#asking || document.hidden) return
    this.#asking = true
    let pauseMs = everyMs
    try {
      /** @type {LiveSnapshot} */
      const snapshot = await this.#get('live/data')
      const graph = snapshot.processes[0]?.graph ?? ''
      if (graph !== this.#graph) {
        this.#topologies = await this.#get('topology?format=json')
        this.#graph = graph
      }
      this.#failures = 0
      this.#onState('live', '', false)
      this.#onSnapshot(snapshot, this.#topologies)
    } catch (error) {
      if (error instanceof Refused) {
        this.#onState('token', error.message, this.hasToken)
        // asked again when there is a token
        pauseMs = Number.POSITIVE_INFINITY
        return
      }
      this.#failures++
      pauseMs = Math.min(longestPauseMs, everyMs * 2 ** (this.#failures - 1))
      this.#onState('lost', problemOf(error), false)
    } finally {
      this.#asking = false
      if (this.#again) this.#soon(0)
      else if (pauseMs !== Number.POSITIVE_INFINITY) this.#soon(pauseMs)
    }
  }

  /** @param {string} path */
  async #get(path) {
    const token = sessionStorage.getItem(tokenKey)
    const response = await fetch(path, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error'
    })
    if (response.status === 401) throw new Refused('the token is missing or wrong')
    if (!response.ok) throw new Error(`the server answers ${response.status}`)
    return await response.json()
  }
}

class Refused extends Error {}

/** @param {unknown} error */
function problemOf(error) {
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return `no answer within ${timeoutMs / 1000} s`
  if (error instanceof TypeError) return 'the server cannot be reached'
  return error instanceof Error ? error.message : String(error)
}
