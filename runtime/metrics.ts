import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { DropReason } from '../processors/operator.ts'
import type { RestoreProgress } from './config.ts'

/** What an application tells Prometheus. Labels are bounded: drop reasons and store names. */
export class StreamsMetrics {
  readonly registry = new Registry()
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

  processed(records: number): void {
    if (records > 0) this.#records.inc(records)
  }

  readonly dropped = (reason: DropReason): void => this.#dropped.inc({ reason })

  restored(progress: RestoreProgress): void {
    if (progress.done) this.#restored.inc({ store: progress.store }, progress.restored)
  }

  committed(seconds: number): void {
    this.#commits.observe(seconds)
  }

  tasks(count: number): void {
    this.#tasks.set(count)
  }

  restarted(): void {
    this.#restarts.inc()
  }
}
