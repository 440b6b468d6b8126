import { metadataV12 } from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import type { KafkaMetrics } from '../port/metrics.ts'
import {
  type Address,
  addressName,
  Channel,
  type ChannelOptions,
  defaultChannel,
  parseAddress,
  type Security
} from './connections.ts'
import { brokerCode, brokerError } from './errors.ts'
import { ProduceChannel } from './produce-channel.ts'
import { closed } from './retry.ts'
import { checkSasl } from './sasl.ts'

export interface ClusterOptions extends Security {
  /** Where to ask first, `host:port`. Some may be dead. */
  readonly brokers: readonly string[]
  readonly metrics?: KafkaMetrics
  /**
   * The longest wait for one answer, ms, 100 or more; Kafka's `request.timeout.ms`. By default it depends on the request: 10,000 for look-ups,
   * 15,000 for transactions, 35,000 for a batch. Waiting for the other members of a group is not cut short.
   */
  readonly requestTimeoutMs?: number
}

interface PartitionMetadata {
  /** Node id of the leader; -1 while there is none. */
  readonly leader: number
  readonly leaderEpoch: number
}

export interface TopicMetadata {
  readonly name: string
  /** UUID text. */
  readonly id: string
  readonly partitions: readonly PartitionMetadata[]
}

/** For what every broker answers from memory: one that hangs must not keep the others from being asked. */
export const lookUp: ChannelOptions = { ...defaultChannel, requestTimeoutMs: 10_000 }

/** What is known of the brokers and topics, and the connections to them, of one consumer, producer, member or admin. */
export class Cluster {
  readonly clientId: string
  readonly metrics: KafkaMetrics
  /** ms */
  readonly requestTimeoutMs: number
  readonly #security: Security
  readonly #bootstrap: readonly Address[]
  readonly #channels = new Map<string, Channel>()
  readonly #produceChannels = new Map<string, ProduceChannel>()
  readonly #topics = new Map<string, TopicMetadata>()
  #nodes: ReadonlyMap<number, Address> = new Map()
  /** The address that answered last. */
  #asked: Address | undefined
  readonly #closing = new AbortController()

  constructor(clientId: string, options: ClusterOptions) {
    if (options.brokers.length === 0)
      throw new StreamsError('CONFIG_INVALID', 'there must be one broker address or more')
    if (options.sasl !== undefined) checkSasl(options.sasl)
    this.clientId = clientId
    this.metrics = options.metrics ?? {}
    this.requestTimeoutMs = options.requestTimeoutMs ?? Number.POSITIVE_INFINITY
    if (!(this.requestTimeoutMs >= 100))
      throw new StreamsError(
        'CONFIG_INVALID',
        `requestTimeoutMs is 100 or more, not ${options.requestTimeoutMs}`
      )
    this.#bootstrap = options.brokers.map(parseAddress)
    this.#security = {
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.sasl === undefined ? {} : { sasl: options.sasl })
    }
  }

  /** Aborted by `close`. */
  get signal(): AbortSignal {
    return this.#closing.signal
  }

  /** Node ids as of the last `refresh`. */
  get brokers(): readonly number[] {
    return [...this.#nodes.keys()]
  }

  /** As last seen; undefined if never seen or gone. */
  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name)
  }

  /** The connection to a broker for one purpose. Throws BROKER_UNAVAILABLE for a node that is not known (yet), and after `close`. */
  channel(purpose: string, node: number | Address, options: ChannelOptions = defaultChannel): Channel {
    const address = this.#addressOf(node)
    return kept(
      this.#channels,
      `${purpose}@${addressName(address)}`,
      () => new Channel(address, this.clientId, this.#security, this.#bounded(options), this.metrics)
    )
  }

  /** The same for batches. */
  produceChannel(node: number, requestTimeoutMs: number): ProduceChannel {
    const address = this.#addressOf(node)
    const way = { address, clientId: this.clientId, security: this.#security, metrics: this.metrics }
    const bounded = Math.min(requestTimeoutMs, this.requestTimeoutMs)
    return kept(
      this.#produceChannels,
      addressName(address),
      () => new ProduceChannel({ ...way, requestTimeoutMs: bounded })
    )
  }

  /**
   * Asks any broker for these topics, bootstrap addresses included when the known brokers are away. Topics that do not exist
   * are missing from `topic` afterwards. Throws BROKER_UNAVAILABLE after each address was tried once, BROKER_REFUSED.
   */
  async refresh(topics: readonly string[]): Promise<void> {
    const answer = await this.any('metadata', lookUp, (channel) =>
      channel.call(metadataV12.api, [...topics], false, false)
    )
    this.#nodes = new Map(
      answer.brokers.map((broker) => [broker.nodeId, { host: broker.host, port: broker.port }])
    )
    for (const topic of answer.topics) {
      const name = topic.name ?? ''
      if (topic.errorCode === brokerCode.unknownTopicOrPartition) this.#topics.delete(name)
      else if (topic.errorCode !== 0 && topic.errorCode !== brokerCode.leaderNotAvailable)
        throw brokerError(`metadata of topic '${name}'`, topic.errorCode)
      else if (topic.partitions.length === 0) this.#topics.delete(name)
      else {
        const former = this.#topics.get(name)
        const partitions: PartitionMetadata[] = []
        for (const { partitionIndex, leaderId, leaderEpoch } of topic.partitions) {
          const known = former?.id === topic.topicId ? former.partitions[partitionIndex] : undefined
          // a broker that lags behind must not undo what a faster one told
          partitions[partitionIndex] =
            known !== undefined && known.leaderEpoch > leaderEpoch ? known : { leader: leaderId, leaderEpoch }
        }
        this.#topics.set(name, { name, id: topic.topicId, partitions })
      }
    }
  }

  /** Runs `request` against the first broker that can be reached: the last that answered, then known ones, then the bootstrap list. */
  async any<T>(
    purpose: string,
    options: ChannelOptions,
    request: (channel: Channel) => Promise<T>
  ): Promise<T> {
    const known = [...this.#nodes.values()]
    // start anywhere, so that many clients do not all ask the same broker
    const turn = Math.floor(Math.random() * Math.max(known.length, 1))
    const candidates = new Map<string, Address>()
    for (const address of [
      ...(this.#asked === undefined ? [] : [this.#asked]),
      ...known.slice(turn),
      ...known.slice(0, turn),
      ...this.#bootstrap
    ])
      candidates.set(addressName(address), address)
    let failure: unknown
    for (const address of candidates.values()) {
      if (this.signal.aborted) break
      try {
        const answer = await request(this.channel(purpose, address, options))
        this.#asked = address
        return answer
      } catch (error) {
        if (!(error instanceof StreamsError) || error.code !== 'BROKER_UNAVAILABLE') throw error
        failure = error
        this.#asked = undefined
      }
    }
    const addresses = [...candidates.keys()].join(', ')
    const last = failure instanceof Error ? `; the last: ${failure.message}` : ''
    throw new StreamsError('BROKER_UNAVAILABLE', `no broker answers at ${addresses}${last}`, failure)
  }

  /** Nobody would close what a late call opens. */
  #addressOf(node: number | Address): Address {
    if (this.signal.aborted) throw closed()
    const address = typeof node === 'number' ? this.#nodes.get(node) : node
    if (address !== undefined) return address
    throw new StreamsError('BROKER_UNAVAILABLE', `broker ${node} is not in the cluster's metadata`)
  }

  #bounded(options: ChannelOptions): ChannelOptions {
    if (options.waitsForOthers) return options
    return { ...options, requestTimeoutMs: Math.min(options.requestTimeoutMs, this.requestTimeoutMs) }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    for (const channel of this.#produceChannels.values()) channel.close()
    await Promise.all([...this.#channels.values()].map((channel) => channel.close()))
  }
}

/** The one of that name, made if there is none yet. */
function kept<T>(all: Map<string, T>, name: string, make: () => T): T {
  const known = all.get(name)
  if (known !== undefined) return known
  const made = make()
  all.set(name, made)
  return made
}
