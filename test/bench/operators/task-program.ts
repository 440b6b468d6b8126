import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import {
  bytes,
  json,
  noHeaders,
  StreamsBuilder,
  string,
  TimeWindows,
  type Topology,
  topic
} from '../../../index.ts'
import { BatchBuilder } from '../../../kafka/batch/batch-builder.ts'
import type { RecordBatches } from '../../../kafka/batch/record-batches.ts'
import type { Forward } from '../../../processors/operator.ts'
import { Task } from '../../../runtime/task/task.ts'
import { Plan } from '../../../runtime/task-plan.ts'
import { divideBudget } from '../../../state/engines/memory-budget.ts'
import { openEngine } from '../../../state/engines/open-engine.ts'
import { openStore } from '../../../state/open-store.ts'
import type { KeyValueStoreDefinition } from '../../../state/store-definition.ts'
import type { Figures } from '../case.ts'
import { Cost } from '../cpu.ts'
import { Line } from '../workload/line.ts'
import { lineItems } from '../workload/line-items.ts'
import { add, noTotals, Totals } from '../workload/totals.ts'

export interface TaskSettings {
  readonly chain: 'filter and map' | 'aggregate' | 'windows'
  readonly records: number
  readonly keys: number
  /** Of each record's value, JSON, at least 180. */
  readonly valueBytes: number
  /** Each of a key's own, that are met in turn. */
  readonly windows: number
  /** One task for each. */
  readonly partitions: number
}

const budgetBytes = 256 * 1024 * 1024
const hourMs = 3_600_000
const batchRecords = 500
/** Records of all partitions are made once and read again and again: that many, and that many bytes of them. */
const mostRecords = 200_000
const mostBytes = 100_000_000

/** Tasks over RocksDB that are fed with batches in memory, without a broker: what a record costs in the chain and in state. */
export async function taskProgram(settings: TaskSettings): Promise<Figures> {
  process.env.NODE_ENV = 'production'
  const { records, partitions } = settings
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-bench-task-'))
  const topology = topologyOf(settings)
  const budget = divideBudget(budgetBytes, partitions)
  const opened = await Promise.all(
    new Plan(topology, 'bench', () => partitions).tasks.map(async (plan) => {
      const definitions = [...topology.stores.values()] as KeyValueStoreDefinition<unknown, unknown>[]
      const stores = await Promise.all(
        definitions.map(async (definition) => {
          const engine = await openEngine('rocksdb', join(directory, `${plan.partition}`), budget)
          const { bufferBytes } = budget
          return openStore(definition, engine, { log: () => undefined, bufferBytes, freeze: false })
        })
      )
      const task = new Task({
        plan,
        allNodes: topology.nodes,
        stores: stores.map((store) => ({ store, changelog: undefined })),
        write: () => ({ topic: 'nowhere', forward: intoBatches() }),
        committed: new Map(),
        earliest: new Map(),
        lagOf: () => 0,
        maxTaskIdleMs: 0,
        now: () => 0,
        onDropped: () => undefined
      })
      return { task, stores, batches: batchesOf(settings, plan.partition) }
    })
  )
  try {
    // half as many again, for the JIT
    await feed(opened, Math.ceil(records / 2))
    const cost = new Cost()
    const processed = await feed(opened, records)
    return cost.of(processed)
  } finally {
    for (const { stores } of opened) for (const store of stores) await store.close()
    await rm(directory, { recursive: true, force: true })
  }
}

interface Opened {
  readonly task: Task
  readonly batches: readonly RecordBatches[]
}

/** A commit each time around, of all tasks. */
async function feed(opened: readonly Opened[], records: number): Promise<number> {
  let processed = 0
  for (let round = 0; processed < records; round++) {
    for (const { task, batches } of opened) {
      const one = batches[round % batches.length] as RecordBatches
      const place = { topic: 'lines', partition: task.partition, highWatermark: 0, lastStableOffset: 0 }
      task.accept({ ...place, batches: one })
      for (let more = 1; more > 0; processed += more) {
        more = task.processUntil(1)
        if (task.commitWanted() || processed % 50_000 < more) {
          task.prepareCommit()
          task.finishCommit(() => undefined)
        }
      }
    }
    await setImmediate()
  }
  return processed
}

function topologyOf({ chain }: TaskSettings): Topology {
  const builder = new StreamsBuilder()
  const lines = builder.stream(topic('lines', { key: string(), value: json(Line) }))
  if (chain === 'filter and map')
    lines
      .filter(({ qty }) => qty > 0)
      .mapValues(({ qty, price }) => add({ qty, price }, noTotals()))
      .to(topic('out', { key: string(), value: json(Totals) }))
  const totals = { initial: noTotals, add, value: json(Totals) }
  if (chain === 'aggregate') lines.groupByKey().aggregate({ name: 'totals', ...totals })
  if (chain === 'windows')
    lines
      .groupByKey()
      .windowedBy(TimeWindows.ofSizeAndGrace(hourMs, 100_000 * hourMs))
      .aggregate({ name: 'hourly', ...totals, retentionMs: 200_000 * hourMs })
  return builder.build()
}

/** Encodes records as a producer does, and lets go of full batches. */
function intoBatches(): Forward<unknown, unknown> {
  const builder = new BatchBuilder('nowhere', 0)
  const value = json(Totals)
  const key = Buffer.alloc(16)
  return (record, _key, timestamp) => {
    builder.append(key, 0, 16, value, record as Totals, timestamp, noHeaders, 1 << 20)
    if (builder.bytes > 100_000) builder.discard()
  }
}

function batchesOf(settings: TaskSettings, partition: number): RecordBatches[] {
  const { keys, windows, valueBytes, partitions } = settings
  const wanted = Math.min(mostRecords, mostBytes / valueBytes) / partitions
  const batches = Math.max(1, Math.floor(wanted / batchRecords))
  const raw = bytes()
  const lines = lineItems({ format: 'json', records: batches * batchRecords, seed: 42 + partition })
  const made: RecordBatches[] = []
  for (let batch = 0; batch < batches; batch++) {
    const builder = new BatchBuilder('lines', partition)
    for (let i = 0; i < batchRecords; i++) {
      const { value } = lines.next().value as { value: string }
      const at = batch * batchRecords + i
      const key = Buffer.from(`k${(at * 7919) % keys}`)
      const padded = Buffer.from(
        value.replace(/"}$/, `${'x'.repeat(Math.max(0, valueBytes - value.length))}"}`)
      )
      const timestamp = (Math.floor(at / keys) % windows) * hourMs
      builder.append(key, 0, key.length, raw, padded, timestamp, noHeaders, 1 << 20)
    }
    const { buffer, length } = builder.finish({
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      transactional: false,
      compression: 'none'
    })
    made.push({ bytes: buffer, start: 0, end: length, from: 0, next: batchRecords })
  }
  return made
}
