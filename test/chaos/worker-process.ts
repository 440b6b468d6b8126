import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import type { Notice, Order, WorkerSettings } from './worker-protocol.ts'

export interface WorkerEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** One life of the worker. */
export class WorkerProcess {
  readonly ended: Promise<WorkerEnd>
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, onNotice: (notice: Notice) => void) {
    this.#child = child
    child.on('message', onNotice)
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
  }

  static async start(
    settings: WorkerSettings,
    logFile: string,
    onNotice: (notice: Notice) => void
  ): Promise<WorkerProcess> {
    const log = await open(logFile, 'a')
    try {
      const child = fork(new URL('./transform-worker.ts', import.meta.url), [JSON.stringify(settings)], {
        stdio: ['ignore', log.fd, log.fd, 'ipc']
      })
      const worker = new WorkerProcess(child, onNotice)
      await once(child, 'spawn')
      return worker
    } finally {
      await log.close()
    }
  }

  send(order: Order): void {
    // whoever is dead already gets nothing more
    if (this.#child.connected) this.#child.send(order, () => {})
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  /** Stands still, as a process that is being swapped out, or whose machine sleeps. */
  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }
}
