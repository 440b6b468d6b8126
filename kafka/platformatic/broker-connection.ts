import { type API, apiVersionsV3, Connection, NetworkError, ResponseError } from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import { connectionError } from './connection-errors.ts'
import { type Address, type ChannelOptions, type Security, serverName } from './endpoint.ts'
import { brokerError } from './errors.ts'
import { guardedSasl } from './sasl.ts'
import { Traffic } from './traffic.ts'

/** For the connection with TLS and SASL, and again for the first answer. */
const connectWithinMs = 5_000
/** For the system to let a socket go. */
const endWithinMs = 1_000
/** The first answer tells versions, or starts SASL: a few hundred bytes. */
const longestFirstAnswer = 1_000_000

/** StreamsGroupHeartbeat and StreamsGroupDescribe: the heartbeat's version 1 came later than the rest (KIP-1331). */
const streamsGroupApis: ReadonlySet<number> = new Set([88, 89])

/**
 * One connection of the library, with a time limit of our own for each request. The library's limit ends the connection, because it could not
 * tell a late answer from a wrong one; ours leaves the request registered there, so that a late answer is known and dropped.
 */
export class BrokerConnection {
  readonly #where: string
  readonly #address: Address
  readonly #connection: Connection
  #versions: ReadonlyMap<number, number> = new Map()
  #pending = 0
  #retired = false
  #ended: Promise<void> | undefined
  #onEnd: () => void = () => undefined
  /** What the socket said last, e.g. why it closed. */
  #lastError: Error | undefined
  readonly #traffic = new Traffic()

  constructor(address: Address, clientId: string, security: Security, options: ChannelOptions) {
    this.#address = address
    this.#where = `broker ${address.host}:${address.port}`
    this.#connection = new Connection(clientId, {
      connectTimeout: connectWithinMs,
      // a bound that is never reached: requests fail by ours, and a retired connection ends with its last request
      requestTimeout: 3 * options.requestTimeoutMs + connectWithinMs,
      maxInflights: options.maxInflights,
      ...(security.tls === undefined ? {} : { tls: { ...serverName(address.host), ...security.tls } }),
      ...(security.sasl === undefined ? {} : { sasl: guardedSasl(security.sasl) })
    })
    // every failure also reaches the call it concerns; without a listener the event would end the process
    this.#connection.on('error', (error) => {
      this.#lastError = error
    })
    // The library keeps its timer for new credentials when the broker closes, and would take the connection for one that lives again.
    this.#connection.on('close', () => void this.end())
  }

  onEnd(listener: () => void): void {
    this.#onEnd = listener
  }

  /** Throws BROKER_UNAVAILABLE, BROKER_REFUSED, CONFIG_INVALID. */
  async open(software: readonly [name: string, version: string]): Promise<void> {
    try {
      const { host, port } = this.#address
      const connecting = this.#connection.connect(host, port)
      this.#watchFirstAnswer()
      await connecting
      const answer = await this.request(apiVersionsV3.api, [...software], this.#where, connectWithinMs)
      if (answer.errorCode !== 0)
        throw brokerError(`asking ${this.#where} for its versions`, answer.errorCode)
      this.#versions = new Map(answer.apiKeys.map((known) => [known.apiKey, known.maxVersion]))
    } catch (error) {
      await this.end()
      throw connectionError(`connecting to ${this.#where}`, this.#withReason(error))
    }
  }

  isReady(): boolean {
    return !this.#retired && this.#ended === undefined && this.#connection.isConnected()
  }

  isRetired(): boolean {
    return this.#retired
  }

  /** False unless the connection can be used after the broker has taken new credentials. */
  async reauthenticated(): Promise<boolean> {
    if (this.#retired || this.#ended !== undefined) return false
    if (this.#connection.status !== 'reauthenticating' || this.#connection.socket.destroyed) return false
    try {
      await this.#connection.ready()
      return this.isReady()
    } catch {
      return false
    }
  }

  mustKnow(api: { readonly key: number; readonly version: number }, what: string): void {
    const newest = this.#versions.get(api.key)
    if (newest !== undefined && newest >= api.version) return
    const least = streamsGroupApis.has(api.key) ? '4.4 or later for streams groups' : '3.9 or later'
    throw new StreamsError(
      'BROKER_REFUSED',
      `${what}: version ${api.version} is needed, the broker knows ${newest ?? 'none'}; brokers must be Kafka ${least}`
    )
  }

  /** Resolves with the answer, error codes included. A request that times out retires the connection. */
  async request<A extends unknown[], R>(api: API<A, R>, args: A, what: string, withinMs: number): Promise<R> {
    this.#pending++
    try {
      return await within(api.async(this.#connection, ...args), withinMs, what)
    } catch (error) {
      // the library throws for any error code within an answer, and keeps the answer
      if (error instanceof ResponseError) {
        const answer = (error as { readonly response?: R }).response
        if (answer !== undefined) return answer
      }
      // after an answer that could not be read, the next one may not be whole either
      this.#retired = true
      throw this.#failed(what, error)
    } finally {
      this.#pending--
      if (this.#retired && this.#pending === 0) void this.end()
    }
  }

  /** Once connected, what is not about the network is an answer that the library cannot make sense of. */
  #failed(what: string, error: unknown): StreamsError {
    const failure = connectionError(what, this.#withReason(error))
    if (failure.code !== 'BROKER_REFUSED') return failure
    // who cannot even tell its versions is no broker: another address may be one
    return this.#versions.size === 0
      ? new StreamsError(
          'BROKER_UNAVAILABLE',
          `${failure.message}: it answers something that is not Kafka`,
          error
        )
      : new StreamsError('BROKER_REFUSED', `${failure.message}: the answer cannot be read`, error)
  }

  /** Bytes since the last call. */
  traffic(): { readonly sent: number; readonly received: number } {
    return this.#traffic.take(this.#connection.socket)
  }

  /** Ends it without waiting for answers; calls under way fail. */
  async end(): Promise<void> {
    this.#ended ??= this.#drop()
    await this.#ended
  }

  async #drop(): Promise<void> {
    const { socket } = this.#connection
    // close() waits for the socket's event, which does not come again
    const gone = socket?.closed === true
    const ended = this.#connection.close().catch(() => undefined)
    // close() alone waits for what is not written yet, which a broker that hangs never takes
    socket?.destroy()
    if (!gone)
      await within(ended, endWithinMs, `closing the connection to ${this.#where}`).catch(() => undefined)
    this.#onEnd()
  }

  /** Bytes that are no answer would otherwise be waited for, as a message of up to 2 GiB. */
  #watchFirstAnswer(): void {
    const socket = this.#connection.socket
    const check = (chunk: Buffer): void => {
      const length = chunk.length < 4 ? 4 : chunk.readInt32BE(0)
      // a TLS alert is known to the library
      if ((length >= 4 && length <= longestFirstAnswer) || isTlsAlert(chunk)) return
      const start = JSON.stringify(chunk.toString('latin1', 0, 16))
      socket.destroy(
        new StreamsError(
          'BROKER_UNAVAILABLE',
          `it answers something that is not Kafka (${start}); check host and port`
        )
      )
    }
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () =>
      socket.prependOnceListener('data', check)
    )
  }

  /** The library tells the calls under way only that the connection was closed. */
  #withReason(error: unknown): unknown {
    const reason = this.#lastError
    if (reason === undefined || !(error instanceof NetworkError) || error.cause !== undefined) return error
    return new NetworkError(error.message, { cause: reason })
  }
}

function isTlsAlert(chunk: Buffer): boolean {
  return chunk[0] === 0x15 && chunk[1] === 0x03
}

/** The answer, or BROKER_UNAVAILABLE when the time is up; an answer that comes later is dropped. */
async function within<T>(answer: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new StreamsError('BROKER_UNAVAILABLE', `${what}: no answer within ${ms} ms`)),
      ms
    )
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
