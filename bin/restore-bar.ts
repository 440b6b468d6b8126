import type { RestoreProgress } from '../index.ts'
import type { ProgressBars } from './progress-bars.ts'

/** One bar over the restoring of all stores. */
export class RestoreBar {
  readonly #bars: ProgressBars
  readonly #stores = new Map<string, RestoreProgress>()

  constructor(bars: ProgressBars) {
    this.#bars = bars
  }

  update(progress: RestoreProgress): void {
    this.#stores.set(`${progress.task}/${progress.store}`, progress)
    let restored = 0
    let done = 0
    let total = 0
    for (const store of this.#stores.values()) {
      restored += store.restored
      total += store.total
      done += store.done ? store.total : store.restored
    }
    this.#bars.update(
      'restore',
      done,
      total,
      `${restored} changelog records into ${this.#stores.size} stores`
    )
  }
}
