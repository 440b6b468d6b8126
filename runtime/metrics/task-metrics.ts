import type { Registry } from 'prom-client'
import type { Clock } from '../../core/clock.ts'
import type { Consumer } from '../../kafka/port/consumer.ts'
import type { StateStore } from '../../state/state-store.ts'
import { partsOfTaskId } from '../task-id.ts'
import { collectedCounter, collectedGauge } from './collected.ts'
import { type Buckets, collectedHistogram } from './collected-histogram.ts'
import { ageBuckets, TaskMeter } from './task-meter.ts'

/** An input of a task; see `PartitionQueue`. */
interface ObservedInput {
  readonly topic: string
  readonly partition: number
  readonly position: number
  readonly bufferedBytes: number
  readonly hasHead: boolean
  readonly headTimestamp: number
  readonly partitionTime: number
}

interface ObservedTask {
  readonly id: string
  readonly inputs: readonly ObservedInput[]
  readonly stores: readonly { readonly store: StateStore }[]
}

/** What a thread shows of itself while it runs. */
export interface ObservedThread {
  /** Those that process. */
  readonly running: () => readonly ObservedTask[]
  readonly roles: () => readonly { readonly role: 'active' | 'standby' | 'warmup' }[]
  readonly consumer: Pick<Consumer, 'position' | 'lag'>
}

/** What is told of each task and of the steps of the graph. Labels: tasks, steps and stores of the graph, never keys or values. */
export class TaskMetrics {
  readonly #clock: Clock
  readonly #meters = new Map<string, TaskMeter>()
  #thread: ObservedThread | undefined

  constructor(registry: Registry, clock: Clock) {
    this.#clock = clock
    this.#count(registry)
    this.#gauge(registry)
  }

  /** Of the task of that id, whatever lives it has here. */
  meter(task: string): TaskMeter {
    let meter = this.#meters.get(task)
    if (meter === undefined) {
      meter = new TaskMeter()
      this.#meters.set(task, meter)
    }
    return meter
  }

  /** How long wall-clock punctuators ran in all, ms. */
  get punctuateMs(): number {
    let sum = 0
    for (const { punctuateMs } of this.#meters.values()) sum += punctuateMs
    return sum
  }

  /** From now on; undefined: it runs nothing. */
  observe(thread: ObservedThread | undefined): void {
    this.#thread = thread
  }

  #count(registry: Registry): void {
    collectedCounter(
      registry,
      {
        name: 'streams_records_processed_total',
        help: 'Records that went through the graph, by task',
        labelNames: ['task']
      },
      (report) => {
        for (const [task, { records }] of this.#meters) report(records, { task })
      }
    )
    collectedCounter(
      registry,
      {
        name: 'streams_bytes_consumed_total',
        help: 'Bytes of record batches that were fetched for a task, as they came',
        labelNames: ['task']
      },
      (report) => {
        for (const [task, { bytes }] of this.#meters) report(bytes, { task })
      }
    )
    collectedCounter(
      registry,
      {
        name: 'streams_node_records_total',
        help: 'Records and changes that reached a step of the graph',
        labelNames: ['subtopology', 'node']
      },
      (report) => {
        for (const [subtopology, nodes] of this.#nodes())
          for (const [node, records] of nodes) report(records, { subtopology, node })
      }
    )
    collectedHistogram(
      registry,
      {
        name: 'streams_record_age_seconds',
        help: 'Time from the timestamp of a record to its processing, of one record in 64 and the last of each slice',
        labelNames: ['subtopology'],
        upperBounds: ageBuckets
      },
      () => this.#ages()
    )
  }

  #gauge(registry: Registry): void {
    collectedGauge(
      registry,
      {
        name: 'streams_task_lag_records',
        help: 'Records that a task has still to process, as the brokers last told',
        labelNames: ['task']
      },
      (report) => {
        for (const task of this.#running()) report(this.#lag(task), { task: task.id })
      }
    )
    collectedGauge(
      registry,
      {
        name: 'streams_task_lag_seconds',
        help: 'Age, by its timestamp, of the record that a task has to process next; 0 when there is none',
        labelNames: ['task']
      },
      (report) => {
        for (const task of this.#running()) report(this.#lagSeconds(task), { task: task.id })
      }
    )
    collectedGauge(
      registry,
      {
        name: 'streams_task_buffered_bytes',
        help: 'Bytes that were fetched for a task and not yet processed',
        labelNames: ['task']
      },
      (report) => {
        for (const { id: task, inputs } of this.#running())
          report(
            inputs.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0),
            { task }
          )
      }
    )
    collectedGauge(
      registry,
      {
        name: 'streams_store_buffer_bytes',
        help: 'Entries in the write buffer of a store, clean ones included',
        labelNames: ['store', 'task']
      },
      (report) => {
        for (const { id: task, stores } of this.#running())
          for (const { store } of stores) report(store.bufferedBytes, { store: store.name, task })
      }
    )
    collectedGauge(
      registry,
      { name: 'streams_tasks', help: 'Tasks that this process holds, by role', labelNames: ['role'] },
      (report) => {
        const counts = { active: 0, standby: 0, warmup: 0 }
        for (const { role } of this.#thread?.roles() ?? []) counts[role]++
        for (const [role, count] of Object.entries(counts)) report(count, { role })
      }
    )
    collectedGauge(
      registry,
      { name: 'streams_tasks_active', help: 'Active tasks that are restored and process' },
      (report) => report(this.#running().length)
    )
  }

  #running(): readonly ObservedTask[] {
    return this.#thread?.running() ?? []
  }

  /** Steps of a sub-topology over its tasks. */
  #nodes(): Map<string, Map<string, number>> {
    const all = new Map<string, Map<string, number>>()
    for (const [task, { nodes }] of this.#meters) {
      const id = partsOfTaskId(task).subTopology
      const sums = all.get(id) ?? new Map<string, number>()
      all.set(id, sums)
      for (const [node, { records }] of nodes) sums.set(node, (sums.get(node) ?? 0) + records)
    }
    return all
  }

  #ages(): Iterable<Buckets<'subtopology'>> {
    const all = new Map<string, { counts: Float64Array; sum: number }>()
    for (const [task, { ages, ageMs }] of this.#meters) {
      const id = partsOfTaskId(task).subTopology
      const known = all.get(id) ?? { counts: new Float64Array(ages.length), sum: 0 }
      all.set(id, { counts: known.counts.map((n, i) => n + (ages[i] ?? 0)), sum: known.sum + ageMs / 1000 })
    }
    return [...all].map(([subtopology, { counts, sum }]) => ({ labels: { subtopology }, counts, sum }))
  }

  #lag({ inputs }: ObservedTask): number {
    let lag = 0
    for (const { topic, partition, position } of inputs) {
      const fetched = this.#thread?.consumer.position(topic, partition) ?? position
      lag += Math.max(0, fetched - position) + (this.#thread?.consumer.lag(topic, partition) ?? 0)
    }
    return lag
  }

  #lagSeconds(task: ObservedTask): number {
    if (this.#lag(task) === 0) return 0
    const heads = task.inputs.filter(({ hasHead }) => hasHead).map(({ headTimestamp }) => headTimestamp)
    // what waits on the brokers is not older than what was processed last, or not by much
    const times = heads.length > 0 ? heads : task.inputs.map(({ partitionTime }) => partitionTime)
    const known = times.filter((time) => time >= 0)
    return known.length === 0 ? 0 : Math.max(0, this.#clock.now() - Math.min(...known)) / 1000
  }
}
