import { StreamsError } from '../../core/errors.ts'
import { type Address, addressName, type Security } from './endpoint.ts'
import {
  type FetchAnswer,
  type FetchRequest,
  fetchKey,
  fetchRequestBytes,
  fetchVersion,
  parseFetchAnswer,
  writeFetchRequest
} from './fetch-api.ts'
import { FetchBuffers, FetchLease } from './fetch-buffers.ts'
import { closed } from './retry.ts'
import { GarbledAnswer } from './socket.ts'
import { requestHead, SocketSession } from './socket-session.ts'

/** One broker, asked for one thing at a time. */
export interface FetchConnection {
  /** Throws BROKER_UNAVAILABLE, BROKER_REFUSED. Connects when there is no connection (any more). */
  fetch(request: FetchRequest, timeoutMs: number): Promise<FetchAnswer>
  close(): void
}

export type ConnectFetch = (address: Address, clientId: string, security: Security) => FetchConnection

/** A broker that answers so often with what is no answer will not come to its senses. */
const mostGarbled = 5
/** Correlation id and tags, of which there are none, come before the answer. */
const answerHeadBytes = 5

/** Fetches over a socket of our own. */
export class SocketFetchConnection implements FetchConnection {
  readonly #address: Address
  readonly #clientId: string
  readonly #security: Security
  readonly #buffers: FetchBuffers
  #session: SocketSession | undefined
  #garbled = 0
  #closed = false

  constructor(
    address: Address,
    clientId: string,
    security: Security,
    buffers: FetchBuffers = new FetchBuffers()
  ) {
    this.#buffers = buffers
    this.#address = address
    this.#clientId = clientId
    this.#security = security
  }

  async fetch(request: FetchRequest, timeoutMs: number): Promise<FetchAnswer> {
    try {
      const session = await this.#ready()
      const encoded = this.#encode(request, session.nextCorrelationId())
      const answer = await session.exchange([encoded], timeoutMs, this.#buffers)
      const parsed = this.#parse(answer)
      this.#garbled = 0
      return parsed
    } catch (error) {
      this.#session?.close()
      throw error instanceof GarbledAnswer ? this.#garbage(error) : error
    }
  }

  close(): void {
    this.#closed = true
    this.#session?.close()
  }

  async #ready(): Promise<SocketSession> {
    if (this.#closed) throw closed()
    if (this.#session?.isOpen === true) {
      if (this.#session.mustRenew) await this.#session.renew()
      return this.#session
    }
    const api = { key: fetchKey, version: fetchVersion }
    const opened = await SocketSession.open(this.#address, this.#clientId, this.#security, api)
    this.#session = opened
    if (this.#closed) throw closed()
    return opened
  }

  #encode(request: FetchRequest, id: number): Buffer {
    const head = requestHead({
      key: fetchKey,
      version: fetchVersion,
      id,
      clientId: this.#clientId,
      tags: true
    })
    const buffer = Buffer.allocUnsafe(head.length + fetchRequestBytes(request))
    head.copy(buffer)
    const end = writeFetchRequest(buffer, head.length, request)
    buffer.writeInt32BE(end - 4, 0)
    return buffer.subarray(0, end)
  }

  #parse(answer: Buffer): FetchAnswer {
    try {
      const parsed = parseFetchAnswer(answer, answerHeadBytes)
      return { ...parsed, lease: new FetchLease(answer, this.#buffers) }
    } catch (error) {
      this.#buffers.give(answer)
      const what = `what is no answer to a fetch (${(error as Error).message})`
      throw new GarbledAnswer(`broker ${addressName(this.#address)}`, what, error)
    }
  }

  /** A new connection may help, some times. */
  #garbage(error: GarbledAnswer): StreamsError {
    if (++this.#garbled < mostGarbled) return error
    return new StreamsError('BROKER_REFUSED', `${error.message}, ${mostGarbled} times in a row`, error)
  }
}
