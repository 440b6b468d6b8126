import {
  apiVersionsV3,
  type Callback,
  type Connection,
  Reader,
  type ResponseParser,
  type Writer
} from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import { type Address, addressName, clientSoftware, type Security } from './endpoint.ts'
import { connectionError } from './errors.ts'
import { ticks } from './retry.ts'
import { type AnswerBuffers, BrokerSocket } from './socket.ts'
import { authenticate } from './socket-sasl.ts'

const connectTimeoutMs = 5_000
/** For one step of the handshake. */
const stepTimeoutMs = 10_000
/** Share of a session's lifetime after which it is renewed. */
const renewAfter = 0.8

/**
 * A broker's socket, authenticated, and again before the broker ends the session (KIP-368). The handshakes are the library's: they
 * run over this socket, which looks like a connection of the library as far as they need one.
 */
export class SocketSession {
  readonly #address: Address
  readonly #clientId: string
  readonly #security: Security
  readonly #socket: BrokerSocket
  #correlationId = 0
  #renewAt = Number.POSITIVE_INFINITY

  private constructor(address: Address, clientId: string, security: Security, socket: BrokerSocket) {
    this.#address = address
    this.#clientId = clientId
    this.#security = security
    this.#socket = socket
  }

  /** `api` must be known to the broker. Throws BROKER_UNAVAILABLE, BROKER_REFUSED, CONFIG_INVALID. */
  static async open(
    address: Address,
    clientId: string,
    security: Security,
    api: { readonly key: number; readonly version: number }
  ): Promise<SocketSession> {
    const socket = await BrokerSocket.open(address, security.tls, connectTimeoutMs)
    const session = new SocketSession(address, clientId, security, socket)
    try {
      await session.#mustKnow(api)
      await session.renew()
    } catch (error) {
      socket.close()
      throw error
    }
    return session
  }

  get isOpen(): boolean {
    return this.#socket.isOpen
  }

  nextCorrelationId(): number {
    this.#correlationId = (this.#correlationId + 1) & 0x7fffffff
    return this.#correlationId
  }

  /**
   * To be told before each request whether `renew` must come first. No request may be sent until it has ended; those under way are answered first, as a
   * broker takes one request of a connection after the other.
   */
  get mustRenew(): boolean {
    return ticks() >= this.#renewAt
  }

  /** See `BrokerSocket`. */
  exchange(
    request: readonly [head: Buffer, ...more: Buffer[]],
    timeoutMs: number,
    buffers?: AnswerBuffers
  ): Promise<Buffer> {
    return this.#socket.exchange(request, timeoutMs, buffers)
  }

  /** Authenticates, first or anew; does nothing without SASL. */
  async renew(): Promise<void> {
    const { sasl } = this.#security
    if (sasl === undefined) return
    const began = ticks()
    const lifetime = await authenticate(sasl, this.#where(), (thrown) => this.#asConnection(thrown))
    this.#renewAt = lifetime > 0 ? began + lifetime * renewAfter : Number.POSITIVE_INFINITY
  }

  /** See `BrokerSocket`. */
  traffic(): { readonly sent: number; readonly received: number } {
    return this.#socket.traffic()
  }

  close(): void {
    this.#socket.close()
  }

  async #mustKnow(api: { readonly key: number; readonly version: number }): Promise<void> {
    const answer = await new Promise<apiVersionsV3.ApiVersionsResponse>((resolve, reject) => {
      apiVersionsV3.api.async(this.#asConnection(reject), ...clientSoftware).then(resolve, reject)
    }).catch((error: unknown) => {
      throw connectionError(`asking ${this.#where()} for its versions`, error)
    })
    const newest = answer.apiKeys.find(({ apiKey }) => apiKey === api.key)?.maxVersion
    if (newest === undefined || newest < api.version)
      throw new StreamsError(
        'BROKER_REFUSED',
        `${this.#where()}: request ${api.key} is needed in version ${api.version}, the broker knows ${newest ?? 'none'}`
      )
  }

  /** What the library's requests use of a connection: `send`. `thrown` is told what its callbacks throw. */
  #asConnection(thrown: (error: Error) => void): Connection {
    const send = <R>(
      key: number,
      version: number,
      createPayload: () => Writer | Promise<Writer>,
      parse: ResponseParser<R>,
      requestTags: boolean,
      answerTags: boolean,
      callback: Callback<R>
    ): void => {
      const exchange = async (): Promise<R> => {
        const payload = (await createPayload()).buffer
        const id = this.nextCorrelationId()
        const head = requestHead({ key, version, id, clientId: this.#clientId, tags: requestTags })
        head.writeInt32BE(head.length - 4 + payload.length, 0)
        const answer = await this.#socket.exchange([head, payload], stepTimeoutMs)
        return parse(id, key, version, Reader.from(answer.subarray(answerTags ? 5 : 4)))
      }
      exchange()
        .then(
          (answer) => callback(null, answer),
          (error: Error) => callback(error, undefined as never)
        )
        .catch(thrown)
    }
    return { send } as unknown as Connection
  }

  #where(): string {
    return `broker ${addressName(this.#address)}`
  }
}

/*
 * Head of a request: int32 length of all that follows | int16 request | int16 version | int32 correlation id |
 *                    int16 length and bytes of the client id | tags, in flexible versions. The length is left to the caller.
 */
export function requestHead(head: {
  readonly key: number
  readonly version: number
  readonly id: number
  readonly clientId: string
  readonly tags: boolean
}): Buffer {
  const nameBytes = Buffer.byteLength(head.clientId)
  const buffer = Buffer.alloc(14 + nameBytes + (head.tags ? 1 : 0))
  let at = buffer.writeInt16BE(head.key, 4)
  at = buffer.writeInt16BE(head.version, at)
  at = buffer.writeInt32BE(head.id, at)
  at = buffer.writeInt16BE(nameBytes, at)
  buffer.utf8Write(head.clientId, at)
  return buffer
}
