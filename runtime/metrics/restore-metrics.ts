import type { Registry } from 'prom-client'
import { collectedCounter, collectedGauge } from './collected.ts'

/** See `RestoreProgress`. */
interface Progress {
  readonly store: string
  readonly task: string
  readonly restored: number
  readonly total: number
  readonly done: boolean
}

type Reached = Pick<Progress, 'store' | 'task' | 'restored'>

interface Restoring {
  readonly store: string
  readonly task: string
  /** Of restores that are over. */
  before: number
  current: number
  remaining: number
}

/** How far restores are, and how far behind copies are. */
export class RestoreMetrics {
  readonly #restores = new Map<string, Restoring>()
  #standbyLags: () => ReadonlyMap<string, number> = () => new Map()

  constructor(registry: Registry) {
    collectedCounter(
      registry,
      {
        name: 'streams_restored_records_total',
        help: 'Changelog records that were applied in restores',
        labelNames: ['store', 'task']
      },
      (report) => {
        for (const { store, task, before, current } of this.#restores.values())
          report(before + current, { store, task })
      }
    )
    collectedGauge(
      registry,
      {
        name: 'streams_restore_remaining_records',
        help: 'Changelog offsets that a store has to go through until its task can run; 0 when it is restored',
        labelNames: ['store', 'task']
      },
      (report) => {
        for (const { store, task, remaining } of this.#restores.values()) report(remaining, { store, task })
      }
    )
    collectedGauge(
      registry,
      {
        name: 'streams_standby_lag_records',
        help: 'Changelog records that the copy of a task lacks that runs elsewhere',
        labelNames: ['task']
      },
      (report) => {
        for (const [task, lag] of this.#standbyLags()) report(lag, { task })
      }
    )
  }

  restored({ store, task, restored, total, done }: Progress): void {
    const known = this.#reached({ store, task, restored })
    // compaction leaves gaps among the offsets
    known.remaining = Math.max(1, total - restored)
    if (done) this.idle({ store, task, restored })
  }

  /** Nothing more is restored into that store here: it has all, or is another's now. */
  idle(restore: Reached): void {
    const known = this.#reached(restore)
    known.before += known.current
    known.current = 0
    known.remaining = 0
  }

  /** The thread has dropped its tasks: what was under way is not any more. */
  stopped(): void {
    for (const known of this.#restores.values()) known.remaining = 0
  }

  /** Asked for at each scrape: lags of standbys and warm-ups by task. */
  standbys(lags: () => ReadonlyMap<string, number>): void {
    this.#standbyLags = lags
  }

  #reached({ store, task, restored }: Reached): Restoring {
    const name = `${task}/${store}`
    const known = this.#restores.get(name) ?? { store, task, before: 0, current: 0, remaining: 0 }
    this.#restores.set(name, known)
    // one that the thread has dropped goes no further, and the next one begins at 0
    if (restored < known.current) known.before += known.current
    known.current = restored
    return known
  }
}
