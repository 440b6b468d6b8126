import { type API, findCoordinatorV6 } from '@platformatic/kafka'
import { hasCode } from '../../core/errors.ts'
import { type Cluster, lookUp } from './cluster.ts'
import { type Address, type ChannelOptions, defaultChannel } from './connections.ts'
import { brokerCode, brokerError } from './errors.ts'

/** What a broker looks after, and how FindCoordinator calls it. */
const keyTypes = { group: 0, transaction: 1 } as const

export type CoordinatorKind = keyof typeof keyTypes

const moved: ReadonlySet<number> = new Set([brokerCode.coordinatorNotAvailable, brokerCode.notCoordinator])

/** The broker that looks after one group or transactional id; looked up again after it has moved or was lost. */
export class Coordinator {
  readonly #cluster: Cluster
  readonly #key: string
  readonly #kind: CoordinatorKind
  #address: Address | undefined

  constructor(cluster: Cluster, key: string, kind: CoordinatorKind = 'group') {
    this.#cluster = cluster
    this.#key = key
    this.#kind = kind
  }

  /** One request over the connection for that purpose. Throws BROKER_UNAVAILABLE, BROKER_REFUSED. */
  async call<A extends unknown[], R>(
    purpose: string,
    options: ChannelOptions = defaultChannel,
    api: API<A, R>,
    ...args: A
  ): Promise<R> {
    this.#address ??= await this.#find()
    try {
      return await this.#cluster.channel(purpose, this.#address, options).call(api, ...args)
    } catch (error) {
      if (hasCode(error, 'BROKER_UNAVAILABLE')) this.#address = undefined
      throw error
    }
  }

  /** Takes note when an answer's code says that the group or transactional id has moved. */
  note(code: number): void {
    if (moved.has(code)) this.#address = undefined
  }

  #find(): Promise<Address> {
    return this.#cluster.any('metadata', lookUp, async (channel) => {
      const answer = await channel.call(findCoordinatorV6.api, keyTypes[this.#kind], [this.#key])
      const found = answer.coordinators[0]
      const what = `finding the coordinator of ${this.#kind === 'group' ? 'group' : 'transactional id'} '${this.#key}'`
      if (found === undefined) throw brokerError(what, brokerCode.coordinatorNotAvailable)
      if (found.errorCode !== 0) throw brokerError(what, found.errorCode, found.errorMessage)
      return { host: found.host, port: found.port }
    })
  }
}
