import { writeFileSync } from 'node:fs'
import type { RestoreProgress, StreamsConfig } from '../../index.ts'

/** What a killed run leaves behind about its last moments. */
export interface LastWords {
  /** Updates of stores since the last finished commit: what a restart may have to restore at most, per kind of store. */
  readonly updatesSinceCommit: number
  readonly commits: number
}

/**
 * Kills its own process at a place of its choice: at a point of the n-th commit, or when the n-th store has been restored. There is no
 * notice to anybody and no clean-up; what happened last is written to a file before, synchronously.
 */
export class SelfKill {
  readonly #point: string
  readonly #after: number
  readonly #file: string
  #commits = 0
  #restored = 0
  #updates = 0

  constructor(point: string, after: number, file: string) {
    this.#point = point
    this.#after = after
    this.#file = file
  }

  readonly updated = (): void => {
    this.#updates++
  }

  readonly commitPoint: NonNullable<StreamsConfig['onCommitPoint']> = (point) => {
    if (point === this.#point && this.#commits >= this.#after) this.#die()
    if (point === 'after step 5') {
      this.#commits++
      this.#updates = 0
    }
  }

  readonly restoreProgress = ({ done }: RestoreProgress): void => {
    if (done && this.#point === 'restore' && this.#restored++ >= this.#after) this.#die()
  }

  #die(): void {
    const words: LastWords = { updatesSinceCommit: this.#updates, commits: this.#commits }
    writeFileSync(this.#file, JSON.stringify(words))
    process.kill(process.pid, 'SIGKILL')
  }
}
