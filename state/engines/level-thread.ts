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
class LevelThread {
  readonly #port: MessagePort
  readonly #answered = new Int32Array(new SharedArrayBuffer(4))
  readonly #worker: Worker
  #calls = 0

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
    this.#worker.unref()
  }

  /** Throws what the worker met, with its native code. */
  call(request: LevelRequest): LevelAnswer {
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

  /** Until the answer of that number is on the port. A wait can end early, by the late notice of the answer before. */
  #await(number: number): void {
    for (;;) {
      const seen = Atomics.load(this.#answered, 0)
      if (seen === number) return
      if (Atomics.wait(this.#answered, 0, seen, patienceMs) === 'timed-out')
        throw new Error(`the storage thread has not answered for ${patienceMs} ms`)
    }
  }

  async end(): Promise<void> {
    this.#port.close()
    await this.#worker.terminate()
  }
}

let shared: LevelThread | undefined
let users = 0

/** Each call is to be followed by one of `releaseLevelThread`. */
export function useLevelThread(): LevelThread {
  users++
  shared ??= new LevelThread()
  return shared
}

export async function releaseLevelThread(): Promise<void> {
  if (--users > 0) return
  const ended = shared
  shared = undefined
  await ended?.end()
}

export type { LevelThread }
