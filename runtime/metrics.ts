import { Counter, Gauge, Histogram } from 'prom-client'
import type { DropReason } from '../processors/operator.ts'
import type { Engine } from '../state/engine.ts'
import type { RestoreProgress } from './config.ts'
import { EngineMetrics } from './engine-metrics.ts'
import type { ErrorKind } from './task/error-handling.ts'
import { JoinedRegistry } from './threads/joined-registry.ts'

/** What an application tells Prometheus. Labels are bounded: reasons, store names, task ids. */
export class StreamsMetrics {
  readonly registry = new JoinedRegistry()
  readonly #records = new Counter({
    name: 'streams_records_processed_total',
    help: 'Records that went through the graph',
    registers: [this.registry]
  })
  readonly #dropped = new Counter({
    name: 'streams_records_dropped_total',
    help: 'Records without effect, by reason',
    labelNames: ['reason'],
    registers: [this.registry]
  })
  readonly #deadLetters = new Counter({
    name: 'streams_dead_letters_total',
    help: 'Records written to the dead-letter topic, by the kind of error; those of aborted transactions, too',
    labelNames: ['reason'],
    registers: [this.registry]
  })
  readonly #restored = new Gauge({
    name: 'streams_restored_records',
    help: 'Changelog records applied by the last restore of a store, over its tasks',
    labelNames: ['store'],
    registers: [this.registry]
  })
  readonly #commits = new Histogram({
    name: 'streams_commit_duration_seconds',
    help: 'Duration of commits',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry]
  })
  readonly #tasks = new Gauge({
    name: 'streams_tasks_active',
    help: 'Tasks that run in this process',
    registers: [this.registry]
  })
  readonly #restarts = new Counter({
    name: 'streams_task_restarts_total',
    help: 'Times the tasks were made anew from their last commit after a failure',
    registers: [this.registry]
  })

  #standbyLags: () => ReadonlyMap<string, number> = () => new Map()
  readonly #standbys: Gauge = new Gauge({
    name: 'streams_standby_lag_records',
    help: 'Changelog records that the copy of a task lacks that runs elsewhere',
    labelNames: ['task'],
    registers: [this.registry],
    collect: () => {
      this.#standbys.reset()
      for (const [task, lag] of this.#standbyLags()) this.#standbys.set({ task }, lag)
    }
  })
  readonly #engines = new EngineMetrics(this.registry)

  /** From now on until it is closed, tells about the engine under a task's store. */
  engine(task: string, store: string, engine: Engine): void {
    this.#engines.watch(task, store, engine)
  }

  processed(records: number): void {
    if (records > 0) this.#records.inc(records)
  }

  readonly dropped = (reason: DropReason): void => this.#dropped.inc({ reason })

  readonly deadLetter = (reason: ErrorKind): void => this.#deadLetters.inc({ reason })

  restored(progress: RestoreProgress): void {
    if (progress.done) this.#restored.inc({ store: progress.store }, progress.restored)
  }

  committed(seconds: number): void {
    this.#commits.observe(seconds)
  }

  /** Asked for at each scrape: lags of standbys and warm-ups by task. */
  standbys(lags: () => ReadonlyMap<string, number>): void {
    this.#standbyLags = lags
  }

  tasks(count: number): void {
    this.#tasks.set(count)
  }

  restarted(): void {
    this.#restarts.inc()
  }
}
