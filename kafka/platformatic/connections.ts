import {
  type API,
  apiVersionsV3,
  Connection,
  type ConnectionOptions,
  ResponseError
} from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import { connectionError } from './errors.ts'
import { closed } from './retry.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** How to reach brokers, in the library's own types. */
export interface Security {
  readonly tls?: NonNullable<ConnectionOptions['tls']>
  readonly sasl?: NonNullable<ConnectionOptions['sasl']>
}

export interface ChannelOptions {
  /** A request without an answer after this long ends the connection: later answers could not be told apart. */
  readonly requestTimeoutMs: number
  /** Requests under way at once; further ones wait. */
  readonly maxInflights: number
}

const connectTimeoutMs = 5_000
export const defaultChannel: ChannelOptions = { requestTimeoutMs: 30_000, maxInflights: 5 }

export function addressName(address: Address): string {
  return `${address.host}:${address.port}`
}

export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  const port = Number(text.slice(colon + 1))
  if (colon < 1 || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new StreamsError('CONFIG_INVALID', `'${text}' is no broker address; write host:port`)
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port }
}

/** One connection to one broker for one purpose: opened at the first call, and anew by the first call after it was lost. */
export class Channel {
  readonly address: Address
  readonly #clientId: string
  readonly #security: Security
  readonly #options: ChannelOptions
  #connection: Connection | undefined
  #opening: Promise<Connection> | undefined
  /** The one that `#opening` waits for. */
  #young: Connection | undefined
  #versions: ReadonlyMap<number, number> = new Map()
  #closed = false

  constructor(address: Address, clientId: string, security: Security, options: ChannelOptions) {
    this.address = address
    this.#clientId = clientId
    this.#security = security
    this.#options = options
  }

  /**
   * Resolves with the answer, error codes in it included: they are the caller's to judge. Throws BROKER_UNAVAILABLE when the
   * connection failed, be it before or after the broker acted, and BROKER_REFUSED.
   */
  async call<A extends unknown[], R>(api: API<A, R>, ...args: A): Promise<R> {
    const connection = await this.#ready()
    const newest = this.#versions.get(api.key)
    if (newest === undefined || newest < api.version)
      throw new StreamsError(
        'BROKER_REFUSED',
        `${this.#where()}: request ${api.key} is needed in version ${api.version}, the broker knows ${newest ?? 'none'}`
      )
    return await this.#send(connection, api, args)
  }

  async close(): Promise<void> {
    this.#closed = true
    const connection = this.#connection
    this.#connection = undefined
    if (connection !== undefined) await drop(connection)
    if (this.#young !== undefined) await drop(this.#young)
    await this.#opening?.catch(() => undefined)
  }

  async #send<A extends unknown[], R>(connection: Connection, api: API<A, R>, args: A): Promise<R> {
    try {
      return await api.async(connection, ...args)
    } catch (error) {
      // the library throws for any error code within an answer, and keeps the answer
      if (error instanceof ResponseError) {
        const answer = (error as { readonly response?: R }).response
        if (answer !== undefined) return answer
      }
      throw connectionError(`request ${api.key} to ${this.#where()}`, error)
    }
  }

  #ready(): Promise<Connection> | Connection {
    if (this.#connection?.isConnected() === true) return this.#connection
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #open(): Promise<Connection> {
    if (this.#closed) throw closed()
    const lost = this.#connection
    this.#connection = undefined
    if (lost !== undefined) await drop(lost)
    const connection = new Connection(this.#clientId, {
      connectTimeout: connectTimeoutMs,
      requestTimeout: this.#options.requestTimeoutMs,
      maxInflights: this.#options.maxInflights,
      ...this.#security
    })
    // every failure also reaches the call it concerns; without a listener the event would end the process
    connection.on('error', () => undefined)
    this.#young = connection
    try {
      await connection.connect(this.address.host, this.address.port)
      const answer = await this.#send(connection, apiVersionsV3.api, ['store-sku', '1'])
      this.#versions = new Map(answer.apiKeys.map((known) => [known.apiKey, known.maxVersion]))
      if (this.#closed) throw closed()
    } catch (error) {
      await drop(connection)
      throw connectionError(`connecting to ${this.#where()}`, error)
    } finally {
      this.#young = undefined
    }
    this.#connection = connection
    return connection
  }

  #where(): string {
    return `broker ${addressName(this.address)}`
  }
}

/** Ends a connection without waiting for answers; calls under way fail. */
async function drop(connection: Connection): Promise<void> {
  const ended = connection.close()
  // close() alone waits for what is not written yet, which a broker that hangs never takes
  connection.socket?.destroy()
  await ended
}
