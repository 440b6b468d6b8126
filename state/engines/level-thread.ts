import { once } from 'node:events'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type {
  LevelAnswer,
  LevelRequest,
  LevelWorkerData,
  NumberedAnswer,
  NumberedRequest
} from './level-protocol.ts'

/** Longer than any compaction stalls a write. */
const patienceMs = 120_000

/**
 * One worker thread for all LevelDB stores of the calling thread. A call posts its request and sleeps until the worker has
 * answered: about as long as the operation itself and 20 µs, whatever the event loops do.
 */
export class LevelThread {
  /** To be awaited before the first call; rejects when the worker cannot run, which it could not tell a thread that sleeps. */
  readonly ready: Promise<void>
  readonly #port: MessagePort
  readonly #answered = new Int32Array(new SharedArrayBuffer(4))
  readonly #worker: Worker
  #calls = 0
  #users = 0
  #ended = false

  constructor() {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const file = import.meta.url.endsWith('.ts') ? './level-worker.ts' : './level-worker.js'
    const data: LevelWorkerData = { port: port2, answered: this.#answered }
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: data,
      transferList: [port2],
      execArgv: []
    })
    // only its start keeps the process
    this.ready = once(this.#worker, 'message').then(() => this.#worker.unref())
    this.#worker.on('error', () => this.#markEnded())
    this.#worker.on('exit', () => this.#markEnded())
  }

  get ended(): boolean {
    return this.#ended
  }

  use(): this {
    this.#users++
    return this
  }

  /** To be called once for each use. The last one ends the worker. */
  async release(): Promise<void> {
    if (--this.#users > 0) return
    this.#markEnded()
    await this.#worker.terminate()
  }

  /** Throws what the worker met, with its native code; after two minutes without an answer, and at once when the worker has ended. */
  call(request: LevelRequest): LevelAnswer {
    if (this.#ended) throw new Error('the storage thread has ended')
    const number = (this.#calls + 1) | 0
    this.#calls = number
    const numbered: NumberedRequest = { number, request }
    this.#port.postMessage(numbered)
    this.#await(number)
    // an answer that came after its call had given up is passed over
    let received: NumberedAnswer | undefined
    do received = (receiveMessageOnPort(this.#port) as { message: NumberedAnswer } | undefined)?.message
    while (received !== undefined && received.number !== number)
    if (received === undefined) throw new Error('the storage thread has lost an answer')
    const { error } = received.answer
    if (error !== undefined) throw Object.assign(new Error(error.message), { code: error.code })
    return received.answer
  }

  /**
   * Until the answer of that number is on the port. A wait can end early, by the late notice of the answer before. The worker answers in the
   * order of calls, so the word never goes back behind this number before it was seen.
   */
  #await(number: number): void {
    for (;;) {
      const seen = Atomics.load(this.#answered, 0)
      if (seen === number) return
      if (Atomics.wait(this.#answered, 0, seen, patienceMs) === 'timed-out')
        throw new Error(`the storage thread has not answered for ${patienceMs} ms`)
    }
  }

  #markEnded(): void {
    this.#ended = true
    this.#port.close()
  }
}

let shared: LevelThread | undefined

/** The thread for this one's stores, a new one where the last has ended. To be released. */
export function useLevelThread(): LevelThread {
  if (shared === undefined || shared.ended) shared = new LevelThread()
  return shared.use()
}
