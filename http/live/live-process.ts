import { createHash } from 'node:crypto'
import type { Registry } from 'prom-client'
import type { KafkaStreams } from '../../runtime/kafka-streams.ts'
import { repartitionSinkName } from '../../topology/describe.ts'
import type { LiveApplication, LiveProcess, LiveSink, LiveStep, LiveStore, LiveTask } from './live-types.ts'

type Labels = Readonly<Partial<Record<string, string | number>>>
type Value = { readonly labels: Labels; readonly value: number }
/** By metric. */
type Values = ReadonlyMap<string, readonly Value[]>

/** What is asked for each time: nothing of it is costly to collect. */
const applicationMetrics = [
  'streams_records_processed_total',
  'streams_task_lag_records',
  'streams_task_lag_seconds',
  'streams_node_records_total',
  'streams_restored_records_total',
  'streams_restore_remaining_records',
  'streams_store_table_bytes',
  'streams_dead_letters_total',
  'streams_records_dropped_total',
  'streams_failures_total'
]

const sinkMetrics = {
  written: 'streams_sink_records_written_total',
  deadLetters: 'streams_sink_dead_letters_total',
  lag: 'streams_sink_lag_records',
  up: 'streams_sink_up'
} as const

/** What this process knows of its applications and sinks. */
export async function liveProcess(
  applications: readonly KafkaStreams[],
  registries: readonly Registry[]
): Promise<LiveProcess> {
  const [shown, sinks] = await Promise.all([
    Promise.all(applications.map(liveApplication)),
    Promise.all(registries.map(liveSinks))
  ])
  return {
    endpoint: applications.map(({ settings }) => settings.applicationServer).find(Boolean) ?? null,
    at: Date.now(),
    graph: graphOf(applications),
    applications: shown,
    sinks: sinks.flat()
  }
}

/** The graphs in short: two processes whose graphs differ give different ones. */
function graphOf(applications: readonly KafkaStreams[]): string {
  const hash = createHash('sha256')
  for (const { applicationId, topology } of applications)
    hash.update(`${applicationId}\n${described(topology)}`)
  return hash.digest('base64url').slice(0, 16)
}

const texts = new WeakMap<object, string>()

/** A graph does not change once it runs. */
function described(topology: KafkaStreams['topology']): string {
  const known = texts.get(topology) ?? String(topology.describe())
  texts.set(topology, known)
  return known
}

async function liveApplication(one: KafkaStreams): Promise<LiveApplication> {
  const copy = await one.metrics.registry.some(applicationMetrics)
  const values: Values = new Map(copy.map(({ name, values: found }) => [name, found]))
  return {
    application: one.applicationId,
    state: one.state,
    tasks: tasksOf(one, values),
    stores: storesOf(values),
    steps: stepsOf(one, values),
    deadLetterTopic: one.settings.deadLetterTopic,
    deadLetters: counts(values, 'streams_dead_letters_total', 'reason'),
    dropped: counts(values, 'streams_records_dropped_total', 'reason'),
    failures: counts(values, 'streams_failures_total', 'code'),
    clients: one.metadataForAllClients()
  }
}

function tasksOf(one: KafkaStreams, values: Values): LiveTask[] {
  const processed = byTask(values, 'streams_records_processed_total')
  const lags = byTask(values, 'streams_task_lag_records')
  const ages = byTask(values, 'streams_task_lag_seconds')
  return one.tasks().map(({ id, role, running, lag }) => ({
    task: id,
    role,
    running,
    lag: (role === 'active' ? lags.get(id) : lag) ?? null,
    lagSeconds: ages.get(id) ?? null,
    processed: processed.get(id) ?? 0
  }))
}

function byTask(values: Values, metric: string): Map<string, number> {
  return new Map((values.get(metric) ?? []).map(({ labels, value }) => [String(labels['task']), value]))
}

function storesOf(values: Values): LiveStore[] {
  const stores = new Map<string, { -readonly [F in keyof LiveStore]: LiveStore[F] }>()
  const each = (
    metric: string,
    set: (store: { -readonly [F in keyof LiveStore]: LiveStore[F] }, value: number) => void
  ) => {
    for (const { labels, value } of values.get(metric) ?? []) {
      const [store, task] = [String(labels['store']), String(labels['task'])]
      const known = stores.get(`${task}/${store}`) ?? { store, task, restored: 0, remaining: 0, bytes: null }
      stores.set(`${task}/${store}`, known)
      set(known, value)
    }
  }
  each('streams_restored_records_total', (store, value) => {
    store.restored = value
  })
  each('streams_restore_remaining_records', (store, value) => {
    store.remaining = value
  })
  each('streams_store_table_bytes', (store, value) => {
    store.bytes = value
  })
  return [...stores.values()]
}

function stepsOf(one: KafkaStreams, values: Values): LiveStep[] {
  // counted under the name of the step that it is to the graph
  const ends = new Map(
    one.topology.nodes.flatMap((node) =>
      node.kind === 'repartition' ? [[node.name, repartitionSinkName(node)]] : []
    )
  )
  return (values.get('streams_node_records_total') ?? []).map(({ labels, value }) => {
    const name = String(labels['node'])
    return { subTopology: Number(labels['subtopology']), node: ends.get(name) ?? name, records: value }
  })
}

function counts(values: Values, metric: string, label: string): Record<string, number> {
  return Object.fromEntries(
    (values.get(metric) ?? []).flatMap(({ labels, value }) =>
      value === 0 ? [] : [[String(labels[label]), value]]
    )
  )
}

async function liveSinks(registry: Registry): Promise<LiveSink[]> {
  const read = async (metric: string): Promise<ReadonlyMap<string, number>> => {
    const found = await registry.getSingleMetric(metric)?.get()
    return new Map((found?.values ?? []).map(({ labels, value }) => [String(labels['sink']), value]))
  }
  const [written, deadLetters, lag, up] = await Promise.all([
    read(sinkMetrics.written),
    read(sinkMetrics.deadLetters),
    read(sinkMetrics.lag),
    read(sinkMetrics.up)
  ])
  return [...written].map(([sink, records]) => ({
    sink,
    written: records,
    deadLetters: deadLetters.get(sink) ?? 0,
    lag: lag.get(sink) ?? 0,
    up: up.get(sink) !== 0
  }))
}
