import type { Registry } from 'prom-client'
import type { KafkaStreams } from '../../runtime/kafka-streams.ts'
import type { Access } from '../access.ts'
import { askPeer } from '../peer.ts'
import { liveProcess } from './live-process.ts'
import type { LiveProcess, LiveSnapshot } from './live-types.ts'

/** Who does not answer in this time is shown as silent; the next look asks again. */
const peerTimeoutMs = 1_500
/** One look serves all who ask within this time: many pages cost no more than one. */
const keptMs = 400
/** More replicas than this are not asked; they are counted as silent. */
const mostPeers = 64

export interface LiveViewOptions extends Access {
  readonly applications: readonly KafkaStreams[]
  readonly registries?: readonly Registry[]
}

/** What is to be seen of the applications of this process, at all their replicas that have an `applicationServer`. */
export class LiveView {
  readonly #options: LiveViewOptions
  #last: { readonly at: number; readonly snapshot: Promise<LiveSnapshot> } | undefined

  constructor(options: LiveViewOptions) {
    this.#options = options
  }

  /** Of this process alone. */
  async own(): Promise<LiveProcess> {
    const { applications, registries = [] } = this.#options
    return await liveProcess(applications, registries)
  }

  /** Of all replicas; not older than 400 ms when it was begun. Takes at most 1,500 ms for those that do not answer. */
  snapshot(): Promise<LiveSnapshot> {
    const now = performance.now()
    if (this.#last === undefined || now - this.#last.at > keptMs)
      this.#last = { at: now, snapshot: this.#look() }
    return this.#last.snapshot
  }

  async #look(): Promise<LiveSnapshot> {
    const peers = this.#peers()
    const asked = peers.slice(0, mostPeers)
    const [own, ...others] = await Promise.all([this.own(), ...asked.map((peer) => this.#ask(peer))])
    return {
      processes: [own, ...others.filter((one) => one !== undefined)],
      silent: [...asked.filter((_, index) => others[index] === undefined), ...peers.slice(mostPeers)]
    }
  }

  #peers(): string[] {
    const { applications } = this.#options
    const own = new Set(applications.map(({ settings }) => settings.applicationServer))
    const all = applications.flatMap((one) => one.metadataForAllClients().map(({ endpoint }) => endpoint))
    return [...new Set(all)].filter((endpoint) => !own.has(endpoint)).sort()
  }

  async #ask(peer: string): Promise<LiveProcess | undefined> {
    try {
      const { status, body } = await askPeer(peer, '/live/data', this.#options, peerTimeoutMs)
      const answer: unknown = status === 200 ? JSON.parse(body) : undefined
      // one of another version may answer otherwise
      return isProcess(answer) ? { ...answer, endpoint: peer } : undefined
    } catch {
      return undefined
    }
  }
}

function isProcess(answer: unknown): answer is LiveProcess {
  const { applications, sinks } = (answer ?? {}) as Partial<LiveProcess>
  return Array.isArray(applications) && Array.isArray(sinks)
}
