import type { StreamsMetrics } from '../metrics.ts'
import { Progress } from '../task/progress.ts'
import { LocalThread } from './local-thread.ts'
import { workNames } from './stuck-work.ts'
import type { Thread } from './thread.ts'
import { threadClientId } from './thread-client-id.ts'
import type { ThreadMaker, ThreadMakerParts } from './thread-maker.ts'
import { useWatchdog, type Watchdog } from './watchdog.ts'

export interface LocalThreadsParts extends ThreadMakerParts {
  readonly metrics: StreamsMetrics
}

/** The one thread of an application without a thread module: the main thread, with a watchdog beside it. */
export class LocalThreads implements ThreadMaker {
  readonly #parts: LocalThreadsParts
  readonly #progress = new Progress()
  #watchdog: Watchdog | undefined
  #stopWatching: (() => void) | undefined

  constructor(parts: LocalThreadsParts) {
    this.#parts = parts
  }

  /** Global tables are opened by the thread itself. */
  async open(): Promise<void> {
    const { config, prepared, processId } = this.#parts
    const { applicationId, kafka, maxPollIntervalMs, groupProtocol, logger } = config
    if (maxPollIntervalMs === 0) return
    const client = groupProtocol === 'classic' ? kafka.copy?.() : undefined
    this.#watchdog = useWatchdog()
    this.#stopWatching = this.#watchdog.watch(
      {
        progress: this.#progress.memory,
        mostMs: maxPollIntervalMs,
        names: workNames(applicationId, 1, prepared.plan),
        leave: client && {
          client,
          groupId: applicationId,
          instanceId: threadClientId(applicationId, processId, 1)
        }
      },
      (text) => logger.error(`${text}; it goes on now`)
    )
  }

  make(number: number): Thread {
    return new LocalThread({ ...this.#parts, number, progress: this.#progress })
  }

  async close(): Promise<void> {
    this.#stopWatching?.()
    await this.#watchdog?.release()
  }
}
