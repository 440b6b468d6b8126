import { removeObsoleteTaskDirectories } from '../state/obsolete-directories.ts'
import type { ResolvedConfig } from './config.ts'

/** Removes, every `state.cleanup.delay.ms`, the state of tasks that have moved elsewhere. */
export class StateCleanup {
  readonly #config: ResolvedConfig
  readonly #owned: () => ReadonlySet<string> | undefined
  readonly #timer: NodeJS.Timeout

  /** @param owned names the directories in use; undefined between two assignments: nothing is owned, but all of it may be needed again in a moment */
  constructor(config: ResolvedConfig, owned: () => ReadonlySet<string> | undefined) {
    this.#config = config
    this.#owned = owned
    this.#timer = setInterval(() => void this.#remove(), config.stateCleanupDelayMs).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #remove(): Promise<void> {
    const { stateDirectory, applicationId, stateCleanupDelayMs, clock, logger } = this.#config
    const owned = this.#owned()
    if (owned === undefined) return
    try {
      const removed = await removeObsoleteTaskDirectories(
        stateDirectory,
        applicationId,
        owned,
        stateCleanupDelayMs,
        clock.now()
      )
      if (removed.length > 0)
        logger.info(`removed the state of tasks that are elsewhere now: ${removed.join(', ')}`)
    } catch (error) {
      logger.warn(`state of former tasks was not removed: ${(error as Error).message}`)
    }
  }
}
