import { Counter, Histogram } from 'prom-client'
import { type Clock, systemClock } from '../core/clock.ts'
import { type ErrorCode, errorActions } from '../core/errors.ts'
import { type DropReason, dropReasons } from '../processors/operator.ts'
import type { Engine } from '../state/engine.ts'
import type { RestoreProgress } from './config.ts'
import { collectedCounter, collectedGauge } from './metrics/collected.ts'
import { EngineMetrics } from './metrics/engine-metrics.ts'
import { RestoreMetrics } from './metrics/restore-metrics.ts'
import type { TaskMeter } from './metrics/task-meter.ts'
import { type ObservedThread, TaskMetrics } from './metrics/task-metrics.ts'
import { type Activity, ThreadTimes } from './metrics/thread-times.ts'
import type { CommitPoint } from './task/commit.ts'
import { type ErrorKind, errorKinds } from './task/error-handling.ts'
import { JoinedRegistry } from './threads/joined-registry.ts'

const errorCodes = Object.keys(errorActions) as ErrorCode[]

/** What is watched of the disk that holds the state. */
interface WatchedDisk {
  /** Undefined: not known. */
  readonly freeBytes: number | undefined
  readonly full: boolean
}

/**
 * What an application tells Prometheus, each series with the label `application`. What is counted for a record is a plain number, read at each
 * scrape. Labels are bounded by the graph: tasks, steps, stores, reasons, error codes. After KIP-444's metrics, and what they lack.
 */
export class StreamsMetrics {
  readonly registry = new JoinedRegistry()
  readonly #times = new ThreadTimes()
  readonly #tasks: TaskMetrics
  readonly #restores: RestoreMetrics
  readonly #engines: EngineMetrics
  readonly #dropped = new Map<DropReason, number>()
  readonly #deadLetters = new Map<ErrorKind, number>()
  #waitingSince = 0
  #disk: WatchedDisk | undefined
  readonly #commits = new Histogram({
    name: 'streams_commit_duration_seconds',
    help: 'Duration of commits',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry]
  })
  readonly #restarts = new Counter({
    name: 'streams_task_restarts_total',
    help: 'Times the tasks were made anew from their last commit after a failure',
    registers: [this.registry]
  })
  readonly #failures = new Map<ErrorCode, number>()
  readonly #rebalances = new Counter({
    name: 'streams_rebalances_total',
    help: 'Times that this process was told another share of the tasks',
    registers: [this.registry]
  })

  constructor(application = 'streams', clock: Clock = systemClock) {
    this.registry.setDefaultLabels({ application })
    this.#tasks = new TaskMetrics(this.registry, clock)
    this.#restores = new RestoreMetrics(this.registry)
    this.#engines = new EngineMetrics(this.registry)
    this.#collect()
  }

  /** A label's values are all there from the start, at 0: a rate sees the first of them. */
  #collect(): void {
    collectedCounter(
      this.registry,
      {
        name: 'streams_failures_total',
        help: 'Failures of the thread, by error code; after some of them it goes on with its tasks made anew',
        labelNames: ['code']
      },
      (report) => {
        for (const code of errorCodes) report(this.#failures.get(code) ?? 0, { code })
      }
    )
    collectedCounter(
      this.registry,
      {
        name: 'streams_records_dropped_total',
        help: 'Records without effect, by reason',
        labelNames: ['reason']
      },
      (report) => {
        for (const reason of dropReasons) report(this.#dropped.get(reason) ?? 0, { reason })
      }
    )
    collectedCounter(
      this.registry,
      {
        name: 'streams_dead_letters_total',
        help: 'Records written to the dead-letter topic, by the kind of error; those of aborted transactions, too',
        labelNames: ['reason']
      },
      (report) => {
        for (const reason of errorKinds) report(this.#deadLetters.get(reason) ?? 0, { reason })
      }
    )
    collectedCounter(
      this.registry,
      {
        name: 'streams_thread_seconds_total',
        help: 'How the thread spends its time; the rate of each is its share of all',
        labelNames: ['activity']
      },
      (report) => {
        const { punctuateMs } = this.#tasks
        report(punctuateMs / 1000, { activity: 'punctuate' })
        for (const [activity, ms] of Object.entries(this.#times.spentMs))
          report(Math.max(0, activity === 'process' ? ms - punctuateMs : ms) / 1000, { activity })
      }
    )
    collectedGauge(
      this.registry,
      {
        name: 'streams_disk_free_bytes',
        help: 'Room on the file system of the state directory',
        // each thread looks at the same
        aggregator: 'min'
      },
      (report) => {
        if (this.#disk?.freeBytes !== undefined) report(this.#disk.freeBytes)
      }
    )
    collectedGauge(
      this.registry,
      {
        name: 'streams_disk_full',
        help: '1 while processing has stopped because there is too little room for state',
        aggregator: 'max'
      },
      (report) => report(Number(this.#disk?.full ?? false))
    )
    collectedCounter(
      this.registry,
      {
        name: 'streams_thread_blocked_seconds_total',
        help: 'Time that the thread waited for brokers to take records, positions and transactions'
      },
      (report) => report(this.#times.blockedMs / 1000)
    )
  }

  /** A StateSet, as OpenMetrics has it: 1 for the state that `read` tells at a scrape, 0 for the others. */
  state<S extends string>(states: readonly S[], read: () => S): void {
    collectedGauge(
      this.registry,
      {
        name: 'streams_state',
        help: "State of the application, after Kafka Streams' KafkaStreams.State",
        labelNames: ['streams_state']
      },
      (report) => {
        const current = read()
        for (const state of states) report(Number(state === current), { streams_state: state })
      }
    )
  }

  /** What is asked for the room on it, from now on. */
  disk(disk: WatchedDisk): void {
    this.#disk = disk
  }

  /** Where a task counts. */
  meter(task: string): TaskMeter {
    return this.#tasks.meter(task)
  }

  /** Asked at each scrape, from now on; undefined when the thread has no tasks any more. */
  observe(thread: ObservedThread | undefined): void {
    this.#tasks.observe(thread)
    if (thread === undefined) this.#restores.stopped()
  }

  /** From now on until it is closed, tells about the engine under a task's store. */
  engine(task: string, store: string, engine: Engine): void {
    this.#engines.watch(task, store, engine)
  }

  readonly dropped = (reason: DropReason): void => {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1)
  }

  readonly deadLetter = (reason: ErrorKind): void => {
    this.#deadLetters.set(reason, (this.#deadLetters.get(reason) ?? 0) + 1)
  }

  restored(progress: RestoreProgress): void {
    this.#restores.restored(progress)
  }

  /** Nothing more is restored into that store. */
  restoresNothing(restore: Pick<RestoreProgress, 'store' | 'task' | 'restored'>): void {
    this.#restores.idle(restore)
  }

  /** Asked for at each scrape: lags of standbys and warm-ups by task. */
  standbys(lags: () => ReadonlyMap<string, number>): void {
    this.#restores.standbys(lags)
  }

  /** The time since the last call went into this. */
  spent(activity: Activity): void {
    this.#times.spent(activity)
  }

  /** Times what a commit waits for: its steps 2 to 4 are the brokers'. */
  commitPoint(point: CommitPoint): void {
    if (point === 'before step 2') this.#waitingSince = performance.now()
    else if (point === 'after step 4') this.blocked(performance.now() - this.#waitingSince)
  }

  /** The thread waited that long for brokers, ms. */
  blocked(ms: number): void {
    this.#times.blockedMs += ms
  }

  committed(seconds: number): void {
    this.#commits.observe(seconds)
  }

  rebalanced(): void {
    this.#rebalances.inc()
  }

  failed(code: ErrorCode): void {
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1)
  }

  restarted(): void {
    this.#restarts.inc()
  }
}
