import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OwnEnd } from './ledger-ends.ts'
import type { LedgerNotice, LedgerOrder, LedgerState, LedgerWorkerSettings } from './ledger-protocol.ts'

const restartPauseMs = 500
const answerTimeoutMs = 30_000

interface Life {
  readonly child: ChildProcess
  readonly started: Promise<boolean>
  readonly ended: Promise<void>
}

/** A process that is started again whenever it ends, as a supervisor would. */
export class LedgerProcess {
  readonly #settings: LedgerWorkerSettings
  readonly #logFile: string
  readonly #log: (line: string) => void
  readonly #waiting = new Map<number, (state: LedgerState) => void>()
  #life: Life | undefined
  #running: Promise<void> = Promise.resolve()
  #closing = false
  #questions = 0
  /** It is being killed, so that its end is no news. */
  #killing = false
  kills = 0
  /** Lives after the first. */
  restarts = 0
  /** When and why it ended, when it was not killed. */
  readonly ownEnds: OwnEnd[] = []

  constructor(settings: LedgerWorkerSettings, logFile: string, log: (line: string) => void) {
    this.#settings = settings
    this.#logFile = logFile
    this.#log = log
  }

  async start(): Promise<void> {
    await this.#live()
    this.#running = this.#supervise()
  }

  /** True once this life, or a later one, does its work; false if that takes too long. */
  async untilStarted(timeoutMs: number): Promise<boolean> {
    const end = performance.now() + timeoutMs
    while (performance.now() < end) {
      const left = sleep(end - performance.now(), false, { ref: false })
      if (await Promise.race([this.#life?.started ?? false, left])) return true
      await sleep(50)
    }
    return false
  }

  /** Its next life, if it has just ended by itself. */
  async kill(): Promise<void> {
    let life = this.#life
    this.#killing = true
    while (life?.child.kill('SIGKILL') === false && !this.#closing) {
      await sleep(50)
      life = this.#life
    }
    this.kills++
    await life?.ended
    // the next one is born by now, or about to be
    while (this.#life === life && !this.#closing) await sleep(10)
    this.#killing = false
  }

  /** Undefined when it does not answer. */
  async ask(): Promise<LedgerState | undefined> {
    const question = ++this.#questions
    const { promise, resolve } = Promise.withResolvers<LedgerState>()
    this.#waiting.set(question, resolve)
    const child = this.#life?.child
    if (child?.connected === true) child.send({ question } satisfies LedgerOrder, () => {})
    const answer = await Promise.race([promise, sleep(answerTimeoutMs, undefined, { ref: false })])
    this.#waiting.delete(question)
    return answer
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#life?.child.kill('SIGKILL')
    await this.#running
  }

  async #supervise(): Promise<void> {
    for (;;) {
      await this.#life?.ended
      if (this.#closing) return
      if (!this.#killing) await sleep(restartPauseMs)
      if (this.#closing) return
      this.restarts++
      await this.#live()
    }
  }

  async #live(): Promise<void> {
    const log = await open(this.#logFile, 'a')
    try {
      const child = fork(new URL('./ledger-worker.ts', import.meta.url), [JSON.stringify(this.#settings)], {
        stdio: ['ignore', log.fd, log.fd, 'ipc'],
        env: { ...process.env, NODE_ENV: 'production' }
      })
      const { promise: started, resolve } = Promise.withResolvers<boolean>()
      let last: { readonly code: string; readonly message: string } | undefined
      child.on('message', (notice: LedgerNotice) => {
        if (notice.notice === 'started') resolve(true)
        else if (notice.notice === 'answer') this.#waiting.get(notice.question)?.(notice.state)
        else last = notice
      })
      const ended = new Promise<void>((done) => {
        // not its exit, which may be known before its last words
        child.once('close', (exit: number | null, signal: string | null) => {
          resolve(false)
          if (!this.#killing && !this.#closing) {
            const code = last?.code ?? signal ?? `exit ${exit}`
            const words = `the ${this.#settings.role} ended by itself: ${last?.message ?? `${code}, without a word`}`
            this.ownEnds.push({ at: performance.now(), code, words })
            this.#log(words)
          }
          done()
        })
      })
      this.#life = { child, started, ended }
      await once(child, 'spawn')
    } finally {
      await log.close()
    }
  }
}
