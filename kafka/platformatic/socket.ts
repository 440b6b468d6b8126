import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { StreamsError } from '../../core/errors.ts'
import { type Address, addressName, type Security, serverName } from './endpoint.ts'
import { connectionError } from './errors.ts'
import { closed } from './retry.ts'
import { Traffic } from './traffic.ts'

/** For lengths, and what comes with them. */
const readBytes = 64 * 1024
/** No broker answers with so much: these are not the bytes of an answer. */
const mostAnswerBytes = 256 * 1024 * 1024
const lengthBytes = 4
const correlationAt = 8

/** Where the bytes of answers go. */
export interface AnswerBuffers {
  take(size: number): Buffer
  /** Of an answer that did not become whole: nobody reads it. */
  give(taken: Buffer): void
}

const leftToCollector: AnswerBuffers = { take: (size) => Buffer.allocUnsafe(size), give: () => undefined }

interface Waiting {
  readonly correlationId: number
  readonly timer: NodeJS.Timeout
  readonly buffers: AnswerBuffers
  resolve(answer: Buffer): void
  reject(error: StreamsError): void
}

/** The broker sent what is no answer to anything asked. */
export class GarbledAnswer extends StreamsError {
  constructor(where: string, what: string, cause?: unknown) {
    super('BROKER_UNAVAILABLE', `${where} sent ${what}`, cause)
  }
}

/**
 * One connection to one broker that moves whole requests and answers. The system writes what arrives straight into a buffer of the answer's own
 * size, which record batches go on pointing into; only its beginning, which comes with its length, is copied. (The library's connection
 * collects chunks and joins them.)
 */
export class BrokerSocket {
  readonly #where: string
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []
  readonly #readBuffer = Buffer.allocUnsafeSlow(readBytes)
  readonly #length = Buffer.alloc(lengthBytes)
  readonly #traffic = new Traffic()
  #lengthFilled = 0
  #answer: Buffer | undefined
  #filled = 0
  /** The next read goes into the answer itself. */
  #direct = false
  #failure: StreamsError | undefined

  private constructor(address: Address, tls: Security['tls']) {
    this.#where = `broker ${addressName(address)}`
    const target = {
      host: address.host,
      port: address.port,
      noDelay: true,
      onread: {
        buffer: () => this.#nextBuffer(),
        callback: (size: number, bytes: Uint8Array) => this.#read(size, bytes)
      }
    }
    this.#socket =
      tls === undefined ? connectTcp(target) : connectTls({ ...serverName(address.host), ...tls, ...target })
    this.#socket.on('error', (error) => this.#fail(connectionError(`connection to ${this.#where}`, error)))
    this.#socket.on('close', () => this.#fail(this.#away('the connection was closed')))
  }

  /** Throws BROKER_UNAVAILABLE, or CONFIG_INVALID for a certificate that is not accepted. */
  static async open(address: Address, tls: Security['tls'], timeoutMs: number): Promise<BrokerSocket> {
    const opened = new BrokerSocket(address, tls)
    try {
      await opened.#connected(tls === undefined ? 'connect' : 'secureConnect', timeoutMs)
    } catch (error) {
      opened.close()
      throw error
    }
    return opened
  }

  get isOpen(): boolean {
    return this.#failure === undefined
  }

  /**
   * Sends a request, whose first part begins with its length and whose parts must not change until then, and resolves with its answer, which begins
   * with the correlation id; it is from `buffers`, the caller's from then on. Throws BROKER_UNAVAILABLE; the connection is of no more use then.
   */
  exchange(
    request: readonly [head: Buffer, ...more: Buffer[]],
    timeoutMs: number,
    buffers: AnswerBuffers = leftToCollector
  ): Promise<Buffer> {
    const failure = this.#failure
    if (failure !== undefined) return Promise.reject(failure)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#fail(this.#away(`no answer within ${Math.round(timeoutMs)} ms`)),
        timeoutMs
      )
      const correlationId = request[0].readInt32BE(correlationAt)
      this.#waiting.push({ correlationId, timer, buffers, resolve, reject })
      // the parts go to the system in one call, from where they are
      this.#socket.cork()
      for (const part of request) this.#socket.write(part)
      this.#socket.uncork()
    })
  }

  /** Bytes since the last call. */
  traffic(): { readonly sent: number; readonly received: number } {
    return this.#traffic.take(this.#socket)
  }

  /** Ends the connection; whoever waits is told so. */
  close(): void {
    this.#fail(closed())
  }

  async #connected(event: 'connect' | 'secureConnect', timeoutMs: number): Promise<void> {
    const timer = setTimeout(
      () => this.#fail(this.#away(`no connection within ${Math.round(timeoutMs)} ms`)),
      timeoutMs
    )
    try {
      await new Promise<void>((resolve) => {
        this.#socket.once(event, resolve)
        this.#socket.once('close', resolve)
      })
    } finally {
      clearTimeout(timer)
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Where the next read goes: called before each. */
  #nextBuffer(): Uint8Array {
    this.#direct = this.#answer !== undefined
    return this.#answer?.subarray(this.#filled) ?? this.#readBuffer
  }

  /** Takes in what was read. False would stop the reading. */
  #read(size: number, bytes: Uint8Array): boolean {
    if (this.#direct) {
      this.#fill(size)
      return true
    }
    let at = 0
    while (at < size && this.#failure === undefined) {
      if (this.#answer === undefined) {
        at = this.#readLength(bytes, at, size)
        continue
      }
      const taken = Math.min(size - at, this.#answer.length - this.#filled)
      this.#answer.set(bytes.subarray(at, at + taken), this.#filled)
      at += taken
      this.#fill(taken)
    }
    return true
  }

  #fill(size: number): void {
    this.#filled += size
    if (this.#answer?.length === this.#filled) this.#complete(this.#answer)
  }

  #readLength(bytes: Uint8Array, start: number, size: number): number {
    let at = start
    while (this.#lengthFilled < lengthBytes && at < size)
      this.#length[this.#lengthFilled++] = bytes[at++] as number
    if (this.#lengthFilled < lengthBytes) return at
    this.#lengthFilled = 0
    const length = this.#length.readInt32BE(0)
    const waiting = this.#waiting[0]
    if (waiting === undefined) this.#garbled('an answer to nothing that was asked')
    else if (length < lengthBytes || length > mostAnswerBytes) {
      const tls = length >>> 16 === 0x1503 ? ' (it wants TLS)' : ''
      this.#garbled(`an answer of ${length} bytes${tls}`)
    } else {
      this.#answer = waiting.buffers.take(length)
      this.#filled = 0
    }
    return at
  }

  #complete(answer: Buffer): void {
    const waiting = this.#waiting[0]!
    const correlationId = answer.readInt32BE(0)
    if (correlationId !== waiting.correlationId) {
      this.#garbled(`an answer numbered ${correlationId} to request ${waiting.correlationId}`)
      return
    }
    this.#answer = undefined
    this.#waiting.shift()
    clearTimeout(waiting.timer)
    waiting.resolve(answer)
  }

  #garbled(what: string): void {
    const hint = 'is this a Kafka listener, and of this security protocol?'
    this.#fail(new GarbledAnswer(this.#where, `${what}; ${hint}`))
  }

  #fail(failure: StreamsError): void {
    this.#failure ??= failure
    // nothing is written into it any more once the socket is destroyed
    this.#socket.destroy()
    if (this.#answer !== undefined) this.#waiting[0]?.buffers.give(this.#answer)
    this.#answer = undefined
    for (const { timer, reject } of this.#waiting.splice(0)) {
      clearTimeout(timer)
      reject(this.#failure)
    }
  }

  #away(what: string): StreamsError {
    return new StreamsError('BROKER_UNAVAILABLE', `${this.#where}: ${what}`)
  }
}
