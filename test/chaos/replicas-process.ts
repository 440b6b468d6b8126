import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreLines } from './replicas-feeder.ts'
import type { ReplicaNotice, ReplicaOrder, ReplicaSettings } from './replicas-protocol.ts'
import { isFencedEnd } from './replicas-zombie.ts'

const restartPauseMs = 500
/** An orderly end commits and closes; longer than that it hangs. */
const endWithinMs = 60_000

interface ReplicaStatus {
  readonly active: number
  readonly running: readonly string[]
  readonly copies: number
  readonly records: number
}

const nothing: ReplicaStatus = { active: 0, running: [], copies: 0, records: -1 }

/** A place for a replica, with its state directory: a process lives there, and is started again when it ends though nobody wanted it to. */
export class ReplicaProcess {
  readonly name: string
  readonly #settings: ReplicaSettings
  readonly #logFile: string
  readonly #log: (line: string) => void
  /** A replica that is started again and again need not be compiled each time. */
  readonly #compileCache: string
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  /** Exit code, or signal. */
  #how = ''
  /** Somebody sees to it that it ends. */
  #expected = true
  #closed = false
  /** Its process has said something: it is past its imports, and hears signals. */
  #heard = false
  /** Its process's latest warning. */
  #words = ''
  #dumped: ((stores: StoreLines) => void) | undefined
  status = nothing
  /** It is fenced, and may end for that, but for nothing else. */
  excused = false
  /** Warnings and errors of all its lives. */
  readonly warnings: string[] = []
  /** Of all its lives; `at` by `performance.now`. */
  readonly restores: { readonly at: number; readonly task: string; readonly records: number }[] = []
  /** What it said last when it ended by itself. */
  readonly ownEnds: string[] = []

  constructor(name: string, settings: ReplicaSettings, logFile: string, log: (line: string) => void) {
    this.name = name
    this.#settings = settings
    this.#logFile = logFile
    this.#log = log
    this.#compileCache = join(dirname(logFile), 'compiled')
  }

  get lives(): boolean {
    return this.#child !== undefined
  }

  /** Its process has told its status, which it does once it answers queries. */
  get answers(): boolean {
    return this.status !== nothing
  }

  async start(): Promise<void> {
    if (this.#child !== undefined || this.#closed) return
    const log = await open(this.#logFile, 'a')
    try {
      const child = fork(new URL('./replicas-worker.ts', import.meta.url), [JSON.stringify(this.#settings)], {
        stdio: ['ignore', log.fd, log.fd, 'ipc'],
        env: { ...process.env, NODE_ENV: 'production', NODE_COMPILE_CACHE: this.#compileCache }
      })
      this.#child = child
      this.#expected = false
      this.#heard = false
      this.#words = ''
      child.on('message', (notice: ReplicaNotice) => this.#hear(notice))
      // not its exit, which may be known before its last words
      this.#ended = once(child, 'close').then(([code, signal]) => this.#end(String(code ?? signal)))
      await once(child, 'spawn')
    } finally {
      await log.close()
    }
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.#expected = true
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  /** SIGTERM: an orderly end that keeps the place, for whoever comes back; or with `leave` for ever. */
  async finish(leave: boolean): Promise<void> {
    this.#expected = true
    if (!leave) this.#child?.kill('SIGTERM')
    else if (this.#child?.connected === true)
      this.#child.send({ order: 'leave' } satisfies ReplicaOrder, () => {})
    const late = sleep(endWithinMs, true, { ref: false })
    if ((await Promise.race([this.#ended, late])) !== true) {
      const unborn = this.#how === 'SIGTERM' && !this.#heard
      if (this.#how !== '0' && !unborn) this.ownEnds.push(`ended with ${this.#how} when it was told to end`)
      return
    }
    this.ownEnds.push(`did not end within ${endWithinMs / 1000} s`)
    await this.kill()
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  async dump(): Promise<StoreLines> {
    const { promise, resolve } = Promise.withResolvers<StoreLines>()
    this.#dumped = resolve
    this.#child?.send({ order: 'dump' } satisfies ReplicaOrder)
    return promise
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.kill()
  }

  #hear(notice: ReplicaNotice): void {
    this.#heard = true
    if (notice.notice === 'status') this.status = notice
    else if (notice.notice === 'restored') this.restores.push({ at: performance.now(), ...notice })
    else if (notice.notice === 'warned') {
      this.#words = notice.text
      this.warnings.push(notice.text)
    } else this.#dumped?.(notice.stores)
  }

  async #end(how: string): Promise<void> {
    this.#child = undefined
    this.status = nothing
    this.#how = how
    if (this.#expected || this.#closed) return
    const words = this.#words || `exit ${how}`
    if (!this.excused || !isFencedEnd(words)) this.ownEnds.push(`${words} (${how})`)
    this.#log(`${this.name} ended by itself (${how}): ${words}`)
    await sleep(restartPauseMs)
    if (!this.#expected) await this.start()
  }
}
