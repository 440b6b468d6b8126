import { type API, protocolAPIsById } from '@platformatic/kafka'
import { hasCode, StreamsError } from '../../core/errors.ts'
import type { KafkaMetrics } from '../port/metrics.ts'
import { BrokerConnection } from './broker-connection.ts'
import { type Address, addressName, type ChannelOptions, clientSoftware, type Security } from './endpoint.ts'
import { closed } from './retry.ts'
import { Slots } from './slots.ts'
import { wrongListener } from './wrong-listener.ts'

export {
  type Address,
  addressName,
  type ChannelOptions,
  clientSoftware,
  defaultChannel,
  parseAddress,
  type Security
} from './endpoint.ts'

/**
 * The way to one broker for one purpose: a connection opened at the first call, and anew by the first call after it was lost.
 *
 * A request that times out does not take its neighbours along: the connection is retired, gets no further requests, and ends when its other
 * requests are answered or have timed out, too. The late answer is dropped; the next call opens a new connection.
 */
export class Channel {
  readonly address: Address
  readonly #clientId: string
  readonly #security: Security
  readonly #options: ChannelOptions
  readonly #metrics: KafkaMetrics
  readonly #slots: Slots
  #connection: BrokerConnection | undefined
  #opening: Promise<BrokerConnection> | undefined
  readonly #all = new Set<BrokerConnection>()
  /** A request was answered: the listener is the right one. */
  #proven = false
  #closed = false

  constructor(
    address: Address,
    clientId: string,
    security: Security,
    options: ChannelOptions,
    metrics: KafkaMetrics = {}
  ) {
    this.address = address
    this.#clientId = clientId
    this.#security = security
    this.#options = options
    this.#metrics = metrics
    this.#slots = new Slots(options.maxInflights)
  }

  /**
   * Resolves with the answer, error codes in it included: they are the caller's to judge. Throws BROKER_UNAVAILABLE when the
   * connection failed or the time was up, be it before or after the broker acted; BROKER_REFUSED; CONFIG_INVALID.
   */
  async call<A extends unknown[], R>(api: API<A, R>, ...args: A): Promise<R> {
    const what = `${apiName(api)} to broker ${addressName(this.address)}`
    if (!this.#slots.tryTake()) await this.#slots.take(what, this.#options.requestTimeoutMs)
    try {
      const connection = this.#usable() ?? (await this.#reopened())
      connection.mustKnow(api, what)
      const answer = await this.#send(connection, api, args, what)
      this.#proven = true
      return answer
    } catch (error) {
      throw await this.#explained(error)
    } finally {
      this.#slots.release()
    }
  }

  /** Ends all at once; calls under way fail. */
  async close(): Promise<void> {
    this.#closed = true
    this.#connection = undefined
    await Promise.all([...this.#all].map((connection) => connection.end()))
    await this.#opening?.catch(() => undefined)
  }

  async #send<A extends unknown[], R>(
    connection: BrokerConnection,
    api: API<A, R>,
    args: A,
    what: string
  ): Promise<R> {
    const began = performance.now()
    let answered = false
    try {
      const answer = await connection.request(api, args, what, this.#options.requestTimeoutMs)
      answered = true
      return answer
    } finally {
      if (connection.isRetired() && this.#connection === connection) this.#connection = undefined
      this.#measure(connection, apiName(api), performance.now() - began, answered)
    }
  }

  #measure(connection: BrokerConnection, api: string, ms: number, answered: boolean): void {
    const broker = addressName(this.address)
    this.#metrics.request?.({ api, broker, ms, answered })
    if (this.#metrics.bytes === undefined) return
    const { sent, received } = connection.traffic()
    if (sent > 0 || received > 0) this.#metrics.bytes(broker, sent, received)
  }

  #usable(): BrokerConnection | undefined {
    return this.#connection?.isReady() === true ? this.#connection : undefined
  }

  async #reopened(): Promise<BrokerConnection> {
    // a broker that asks for new credentials takes no other request meanwhile
    if ((await this.#connection?.reauthenticated()) === true && this.#connection !== undefined)
      return this.#connection
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return await this.#opening
  }

  async #open(): Promise<BrokerConnection> {
    const lost = this.#connection
    this.#connection = undefined
    if (lost !== undefined) await lost.end()
    if (this.#closed) throw closed()
    const connection = new BrokerConnection(this.address, this.#clientId, this.#security, this.#options)
    this.#all.add(connection)
    connection.onEnd(() => this.#all.delete(connection))
    await connection.open(clientSoftware)
    if (this.#closed) {
      await connection.end()
      throw closed()
    }
    this.#connection = connection
    return connection
  }

  /** A listener that closes without a word is asked why, until it has answered a request. */
  async #explained(error: unknown): Promise<unknown> {
    if (this.#proven || this.#closed || !hasCode(error, 'BROKER_UNAVAILABLE') || !wasCutOff(error))
      return error
    const wrong = await wrongListener(this.address, this.#security)
    if (wrong === undefined) return error
    return new StreamsError('CONFIG_INVALID', `broker ${addressName(this.address)}: ${wrong}`, error)
  }
}

/** The peer was there, and closed. */
function wasCutOff(error: unknown): boolean {
  let at: unknown = error
  for (let depth = 0; at instanceof Error && depth < 8; depth++, at = at.cause)
    if (/\bclosed\b|ECONNRESET|TLS handshake|secure TLS connection/.test(at.message)) return true
  return false
}

function apiName(api: { readonly key: number }): string {
  return protocolAPIsById[api.key] ?? `request ${api.key}`
}
