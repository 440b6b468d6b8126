import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { json, StreamsBuilder, string, topic } from '../../../index.ts'
import type { Fetched } from '../../../kafka/port/consumer.ts'
import { Task } from '../../../runtime/task/task.ts'
import { Plan, type TaskPlan } from '../../../runtime/task-plan.ts'
import { divideBudget } from '../../../state/engines/memory-budget.ts'
import { openEngine } from '../../../state/engines/open-engine.ts'
import { openStore } from '../../../state/open-store.ts'
import type { KeyValueStoreDefinition } from '../../../state/store-definition.ts'
import { batchOf, loadTable, nameOf } from '../../state/bench-load.ts'
import { drawer, type StateBenchOptions } from '../../state/bench-state.ts'
import type { Figures } from '../case.ts'
import { Cost } from '../cpu.ts'

export type LookAheadSettings = Pick<
  StateBenchOptions,
  'keys' | 'records' | 'distribution' | 'commitEvery' | 'budgetBytes'
> & {
  /** False: the task is not told what its store had to read, so it never reads ahead. */
  readonly lookAhead: boolean
}

const Totals = z.object({ count: z.int(), sum: z.number() })
type Totals = z.infer<typeof Totals>

const batchRecords = 1000
const amounts = topic('amounts', { key: string(), value: json(z.number()), partitions: 1 })
const sums = topic('sums', { key: string(), value: json(Totals), partitions: 1 })

function sumsTopology() {
  const builder = new StreamsBuilder()
  builder
    .stream(amounts)
    .groupByKey()
    .aggregate({
      name: 'table',
      initial: (): Totals => ({ count: 0, sum: 0 }),
      add: (amount, { count, sum }): Totals => ({ count: count + 1, sum: sum + amount }),
      value: json(Totals)
    })
    .toStream()
    .to(sums)
  return builder.build()
}

/** A task that keeps a sum per key, over a store in RocksDB that holds every key at the start. Its outputs go nowhere. */
export async function lookAheadProgram(settings: LookAheadSettings): Promise<Figures> {
  process.env.NODE_ENV = 'production'
  const { keys, records, commitEvery } = settings
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-bench-ahead-'))
  const topology = sumsTopology()
  const budget = divideBudget(settings.budgetBytes, 1)
  const engine = await openEngine('rocksdb', directory, budget)
  const definition = topology.stores.get('table') as KeyValueStoreDefinition<string, Totals>
  const { bufferBytes } = budget
  const store = openStore(definition, engine, { log: () => undefined, bufferBytes, freeze: false })
  try {
    await loadTable(store, keys, json(Totals), { count: 1, sum: 1 })
    let engineCalls = 0
    const { multiGetSync } = engine
    engine.multiGetSync = (wanted) => {
      engineCalls++
      return multiGetSync.call(engine, wanted)
    }
    if (!settings.lookAhead) store.onMiss = () => undefined
    const task = new Task({
      plan: new Plan(topology, 'bench', () => 1).tasks[0] as TaskPlan,
      allNodes: topology.nodes,
      stores: [{ store, changelog: undefined }],
      write: () => ({ topic: 'nowhere', forward: () => undefined }),
      committed: new Map(),
      earliest: new Map(),
      lagOf: () => 0,
      maxTaskIdleMs: 0,
      now: () => 0,
      onDropped: () => undefined
    })
    const draw = drawer(settings)
    const fetched = Array.from({ length: Math.ceil(records / batchRecords) }, (): Fetched => {
      const batches = batchOf(batchRecords, () => nameOf(draw()), amounts.value, 3)
      return { topic: amounts.name, partition: 0, batches, highWatermark: 0, lastStableOffset: 0 }
    })
    const cost = new Cost()
    let processed = 0
    for (const one of fetched) {
      task.accept(one)
      for (let more = 1; more > 0; ) {
        more = task.processUntil(1)
        processed += more
        if (task.commitWanted() || processed % commitEvery === 0) {
          task.prepareCommit()
          task.finishCommit(() => undefined)
        }
      }
      await setImmediate()
    }
    task.prepareCommit()
    task.finishCommit(() => undefined)
    return { ...cost.of(processed), 'engine reads/1,000 records': (1000 * engineCalls) / processed }
  } finally {
    await store.close()
    await rm(directory, { recursive: true, force: true })
  }
}
