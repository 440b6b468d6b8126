import { mkdir } from 'node:fs/promises'
import type { Logger } from '../core/logger.ts'
import { diskSpace } from '../state/disk-space.ts'

const CHECK_MS = 5_000

/**
 * Watches the room on the state directory's file system. A storage engine that runs out of it may be damaged, so processing stops before,
 * and goes on when there is room again.
 */
export class DiskGuard {
  /** True while processing must stop. */
  full = false
  /** Undefined until it is known. */
  freeBytes: number | undefined
  readonly #directory: string
  readonly #minFreeBytes: number
  readonly #logger: Logger
  #timer: NodeJS.Timeout | undefined

  constructor(directory: string, minFreeBytes: number, logger: Logger) {
    this.#directory = directory
    this.#minFreeBytes = minFreeBytes
    this.#logger = logger
  }

  /** Looks now and every few seconds from now on; warns if the directory is in memory. */
  async start(): Promise<void> {
    await mkdir(this.#directory, { recursive: true })
    if (await this.#check())
      this.#logger.warn(
        `the state directory ${this.#directory} is in memory: a restart of the machine empties it, and everything is restored`
      )
    this.#timer = setInterval(() => void this.#check(), CHECK_MS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Returns whether the directory is in memory. */
  async #check(): Promise<boolean> {
    try {
      const { freeBytes, temporary } = await diskSpace(this.#directory)
      const full = freeBytes < this.#minFreeBytes
      this.freeBytes = freeBytes
      if (full !== this.full)
        this.#logger.warn(
          full
            ? `only ${mebibytes(freeBytes)} MiB are free for state in ${this.#directory}: processing stops until there are ${mebibytes(this.#minFreeBytes)}`
            : `${mebibytes(freeBytes)} MiB are free for state in ${this.#directory}: processing goes on`
        )
      this.full = full
      return temporary
    } catch (error) {
      this.#logger.warn(`free space of ${this.#directory} is not known: ${(error as Error).message}`)
      return false
    }
  }
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / (1024 * 1024))
}
