import { StreamsError } from '../../core/errors.ts'
import type { KafkaMetrics } from '../port/metrics.ts'
import { type Address, addressName, type Security } from './endpoint.ts'
import {
  type ProduceApi,
  type Produced,
  type ProduceRequest,
  parseProduceAnswer,
  produceParts
} from './produce-api.ts'
import { closed } from './retry.ts'
import { requestHead, SocketSession } from './socket-session.ts'

/** Correlation id and tags, of which there are none, come before the answer. */
const answerHeadBytes = 5

/** To whom, as who, and how. */
export interface ProduceWay {
  readonly address: Address
  readonly clientId: string
  readonly security: Security
  /** After this long without an answer the connection is given up. */
  readonly requestTimeoutMs: number
  readonly metrics: KafkaMetrics
}

/**
 * The way to one broker for batches, over a socket of our own: they are written from where they were built. (The library's connection joins each
 * request into a new buffer. For a producer that is the most bytes by far, copied once more and left to the garbage collector.)
 *
 * Opened at the first request, and anew by the first after it was lost. One that is not answered in time ends the connection, as in Kafka's
 * NetworkClient: the others under way fail with it, and the broker knows batches that come again.
 */
export class ProduceChannel {
  readonly #way: ProduceWay
  #session: SocketSession | undefined
  #opening: Promise<SocketSession> | undefined
  /** Requests to be written when it is open. */
  #waiting = 0
  #closed = false

  constructor(way: ProduceWay) {
    this.#way = way
  }

  /**
   * Requests reach the broker in the order of the calls. Resolves with the answer, error codes in it included. Throws BROKER_UNAVAILABLE when
   * the connection failed or the time was up, be it before or after the broker acted; BROKER_REFUSED; CONFIG_INVALID.
   *
   * The batches must not change until it has ended.
   */
  send(api: ProduceApi, request: ProduceRequest): Promise<readonly Produced[]> {
    const session = this.#usable()
    return session === undefined ? this.#whenReady(api, request) : this.#exchange(session, api, request)
  }

  /** Ends it at once; what is under way fails. */
  close(): void {
    this.#closed = true
    this.#session?.close()
  }

  #usable(): SocketSession | undefined {
    const session = this.#session
    return session?.isOpen === true && !session.mustRenew && this.#opening === undefined ? session : undefined
  }

  /** In the order of the calls: nobody goes past while one of them is still to write. */
  #whenReady(api: ProduceApi, request: ProduceRequest): Promise<readonly Produced[]> {
    this.#opening ??= this.#open(api)
    this.#waiting++
    const done = (): void => {
      if (--this.#waiting === 0) this.#opening = undefined
    }
    return this.#opening.then(
      (session) => {
        done()
        return this.#exchange(session, api, request)
      },
      (error: unknown) => {
        done()
        throw error
      }
    )
  }

  async #open(api: ProduceApi): Promise<SocketSession> {
    const known = this.#session
    // new credentials are asked for, which takes no other request meanwhile
    if (known?.isOpen === true) return await this.#renewed(known)
    if (this.#closed) throw closed()
    const session = await SocketSession.open(this.#way.address, this.#way.clientId, this.#way.security, api)
    this.#session = session
    if (this.#closed) {
      session.close()
      throw closed()
    }
    return session
  }

  async #renewed(session: SocketSession): Promise<SocketSession> {
    try {
      await session.renew()
      return session
    } catch (error) {
      session.close()
      throw error
    }
  }

  async #exchange(
    session: SocketSession,
    api: ProduceApi,
    request: ProduceRequest
  ): Promise<readonly Produced[]> {
    const { address, clientId, requestTimeoutMs, metrics } = this.#way
    const broker = addressName(address)
    const id = session.nextCorrelationId()
    const head = requestHead({ ...api, id, clientId, tags: true })
    const parts = produceParts(request)
    const bytes = parts.reduce((sum, part) => sum + part.length, head.length)
    head.writeInt32BE(bytes - 4, 0)
    const began = performance.now()
    let answer: Buffer | undefined
    try {
      answer = await session.exchange([head, ...parts], requestTimeoutMs)
    } finally {
      const ms = performance.now() - began
      metrics.request?.({ api: 'Produce', broker, ms, answered: answer !== undefined })
      const { sent, received } = session.traffic()
      if (sent > 0 || received > 0) metrics.bytes?.(broker, sent, received)
    }
    try {
      return parseProduceAnswer(answer, answerHeadBytes)
    } catch (error) {
      // the next answer may not be whole either
      session.close()
      throw new StreamsError(
        'BROKER_REFUSED',
        `Produce to broker ${broker}: the answer cannot be read`,
        error
      )
    }
  }
}
