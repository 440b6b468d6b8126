import { setImmediate } from 'node:timers/promises'
import { string } from '../../core/serdes/string.ts'
import type { EngineKind } from '../../state/engine.ts'
import { divideBudget } from '../../state/engines/memory-budget.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import { openStore } from '../../state/open-store.ts'
import { loadTable, nameOf } from './bench-load.ts'
import { CountingJson } from './json-serde.ts'
import { TextKeys } from './keys-ahead.ts'
import { Random } from './random.ts'

export interface StateBenchOptions {
  readonly keys: number
  readonly records: number
  readonly distribution: 'zipf' | 'uniform'
  readonly commitEvery: number
  readonly engine: EngineKind
  /** For the engine and the write buffer together. */
  readonly budgetBytes: number
  readonly directory: string
}

export interface StateBenchResult {
  /** CPU of a read-modify-write with its part of the commit, ns (all threads of the process). */
  readonly updateNs: number
  /** A fetch of 20 windows. */
  readonly windowFetchNs: number
  /** Full scan, a row. */
  readonly scanRowNs: number
  readonly rows: number
  readonly rssMiB: number
  /** The most there was in the updates, above what there was before the store was opened. */
  readonly rssGrowthMiB: number
}

interface Total {
  readonly count: number
  readonly sum: number
  readonly last: string
}

const lookAhead = 500
const windowsOfKey = 20

/** Zipf (s = 1) by inverting the continuous distribution; the ranks are scattered over the keys. */
export function drawer(options: Pick<StateBenchOptions, 'keys' | 'distribution'>): () => number {
  const random = new Random(11)
  const { keys, distribution } = options
  const unit = () => random.below(2 ** 31) / 2 ** 31
  if (distribution === 'uniform') return () => random.below(keys)
  const scale = Math.log(keys + 1)
  return () => {
    const rank = Math.min(keys, Math.floor(Math.exp(unit() * scale)))
    return (rank * 2_654_435_761) % keys
  }
}

function cpuNs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

/** Read-modify-write through the write buffer over a table of that many keys, then window fetches and a full scan. */
export async function stateBench(options: StateBenchOptions): Promise<StateBenchResult> {
  const { keys, records, commitEvery, engine: kind, budgetBytes, directory } = options
  const rssBefore = process.memoryUsage.rss()
  const budget = divideBudget(budgetBytes, 1)
  const value = new CountingJson<Total>()
  const engine = await openEngine(kind, `${directory}/table`, budget)
  const store = openStore(
    {
      kind: 'key-value',
      name: 'table',
      key: string(),
      value,
      logged: true,
      cached: true
    },
    engine,
    { log: () => undefined, bufferBytes: budget.bufferBytes, freeze: false }
  )
  store.onChange(() => undefined)
  let offset = 0
  const commit = () => {
    while (store.flush());
    store.commit({ offset: ++offset, topicId: 'bench' })
  }
  await loadTable(store, keys, value, { count: 1, sum: 1, last: 'a-line-of-some-bytes' })

  const draw = drawer(options)
  let rss = 0
  const started = cpuNs()
  for (let record = 0; record < records; ) {
    const ahead = Array.from({ length: Math.min(lookAhead, records - record) }, () => nameOf(draw()))
    store.prefetch(new TextKeys(ahead), lookAhead)
    for (const key of ahead) {
      const old = store.get(key)
      store.put(
        key,
        { count: (old?.count ?? 0) + 1, sum: (old?.sum ?? 0) + record, last: 'a-line-of-some-bytes' },
        record
      )
      if (++record % commitEvery === 0 || store.commitWanted) commit()
    }
    // as a task does between its slices: what native objects hold is let go of there
    await setImmediate()
    if (record % 20_000 < lookAhead) rss = Math.max(rss, process.memoryUsage.rss())
  }
  commit()
  const updateNs = (cpuNs() - started) / records
  rss = Math.max(rss, process.memoryUsage.rss())

  const scanStarted = cpuNs()
  let rows = 0
  for (const { value } of store.all()) rows += value.count > 0 ? 1 : 0
  const scanRowNs = (cpuNs() - scanStarted) / rows
  await store.close()
  const windowFetchNs = await benchWindows(options)
  const mib = (bytes: number) => Math.round(bytes / 2 ** 20)
  return {
    updateNs: Math.round(updateNs),
    windowFetchNs: Math.round(windowFetchNs),
    scanRowNs: Math.round(scanRowNs),
    rows,
    rssMiB: mib(rss),
    rssGrowthMiB: mib(rss - rssBefore)
  }
}

async function benchWindows({
  keys,
  engine: kind,
  budgetBytes,
  directory
}: StateBenchOptions): Promise<number> {
  const series = Math.max(1, Math.min(50_000, Math.floor(keys / windowsOfKey)))
  const budget = divideBudget(budgetBytes, 1)
  const engine = await openEngine(kind, `${directory}/windows`, budget)
  const store = openStore(
    {
      kind: 'window',
      name: 'windows',
      key: string(),
      value: new CountingJson<number>(),
      logged: true,
      cached: true,
      windowSizeMs: 60_000,
      retentionMs: 86_400_000
    },
    engine,
    { log: undefined, bufferBytes: budget.bufferBytes, freeze: false }
  )
  const commit = () => {
    while (store.flush());
    store.commit(undefined)
  }
  for (let window = 0; window < windowsOfKey; window++) {
    for (let key = 0; key < series; key++) {
      store.put(nameOf(key), key, window * 60_000, 1)
      if (store.commitWanted) commit()
    }
    commit()
  }
  const random = new Random(5)
  const fetches = 20_000
  const started = cpuNs()
  for (let i = 0; i < fetches; i++) {
    let found = 0
    for (const { start } of store.fetch(nameOf(random.below(series)), 0, windowsOfKey * 60_000))
      found += start >= 0 ? 1 : 0
    if (found !== windowsOfKey) throw new Error(`${found} windows instead of ${windowsOfKey}`)
  }
  const windowFetchNs = (cpuNs() - started) / fetches
  await store.close()
  return windowFetchNs
}
