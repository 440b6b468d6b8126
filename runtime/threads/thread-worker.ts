import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { KafkaClient } from '../../kafka/port/client.ts'
import { resolveConfig } from '../config.ts'
import { graphFingerprint } from '../membership/graph-fingerprint.ts'
import { StreamsMetrics } from '../metrics.ts'
import { Progress } from '../task/progress.ts'
import { Plan } from '../task-plan.ts'
import { copyClient } from './copy-client.ts'
import { copyOf, type ErrorCopy } from './errors.ts'
import { LocalThread } from './local-thread.ts'
import { AttachedGlobals } from './shared-globals.ts'
import type { ThreadNews, ThreadOrder, ThreadStart } from './thread-protocol.ts'
import type { StreamThreadFactory, StreamThreadSetup } from './thread-setup.ts'

/*
 * A stream thread in a worker thread of its own: what `WorkerThread` starts and gives orders to.
 */
const start = workerData as ThreadStart
const port = parentPort
const tell = (news: ThreadNews): void => port?.postMessage(news)
const logger: Logger = {
  info: (text) => tell({ news: 'log', level: 'info', text }),
  warn: (text) => tell({ news: 'log', level: 'warn', text }),
  error: (text) => tell({ news: 'log', level: 'error', text })
}
/** How old the main thread's view of the tasks may be, ms. */
const STATUS_MS = 100
let metrics: StreamsMetrics | undefined

try {
  const thread = await makeThread()
  await thread.run()
  await tellEnd(undefined)
} catch (error) {
  await tellEnd(copyOf(error))
}

async function tellEnd(error: ErrorCopy | undefined): Promise<void> {
  tell({ news: 'ended', error, metrics: await metrics?.registry.getMetricsAsJSON() })
}

async function makeThread(): Promise<LocalThread> {
  const { number, processId, topics, deleteRetentionMs, globals } = start
  const { topology, config: made = {} } = await setup()
  if (graphFingerprint(topology) !== start.graph)
    throw new StreamsError(
      'TOPOLOGY_CHANGED',
      `thread ${number}: ${start.module} makes another graph than the main thread runs`
    )
  const missing = start.functions.find((name) => !(name in made))
  if (missing !== undefined)
    throw new StreamsError(
      'CONFIG_INVALID',
      `thread ${number}: ${missing} cannot be copied, so ${start.module} must make it, too`
    )
  const resolved = resolveConfig({
    ...start.settings,
    clock: systemClock,
    logger,
    onRestore: (progress) => tell({ news: 'restore', progress }),
    ...made,
    kafka: made.kafka ?? (await client())
  })
  const config = { ...resolved, threads: start.threads }
  const plan = new Plan(topology, config.applicationId, (name) => topics.get(name)?.partitions)
  const counts = new StreamsMetrics(config.applicationId, config.clock)
  metrics = counts
  const thread = new LocalThread({
    number,
    config,
    topology,
    prepared: { plan, topics, deleteRetentionMs },
    processId,
    globals: new AttachedGlobals(globals, topology.globalStores, config),
    metrics: counts,
    progress: new Progress(start.progress)
  })
  thread.pause(start.paused)
  port?.on('message', (order: ThreadOrder) => obey(order, thread, counts))
  tellStatus(thread)
  return thread
}

async function setup(): Promise<StreamThreadSetup> {
  const { streamThread } = (await import(start.module)) as { streamThread?: StreamThreadFactory<unknown> }
  if (streamThread === undefined)
    throw new StreamsError('CONFIG_INVALID', `${start.module} must export a function streamThread`)
  return streamThread(start.data)
}

async function client(): Promise<KafkaClient> {
  if (start.kafka !== undefined) return await copyClient(start.kafka)
  throw new StreamsError(
    'CONFIG_INVALID',
    `thread ${start.number}: the Kafka client cannot be copied, so ${start.module} must make config.kafka`
  )
}

function obey(order: ThreadOrder, thread: LocalThread, counts: StreamsMetrics): void {
  switch (order.order) {
    case 'stop':
      thread.stop(order)
      return
    case 'pause':
      thread.pause(order.paused)
      return
    case 'rebuild': {
      const { call, task } = order
      thread.rebuild(task).then(
        () => tell({ news: 'rebuilt', call, error: undefined }),
        (error) => tell({ news: 'rebuilt', call, error: copyOf(error) })
      )
      return
    }
    case 'metrics':
      counts.registry
        .getMetricsAsJSON()
        .then((found) => tell({ news: 'metrics', call: order.call, metrics: found }))
  }
}

function tellStatus(thread: LocalThread): void {
  let told = ''
  setInterval(() => {
    const news: ThreadNews = {
      news: 'status',
      running: thread.running,
      tasks: thread.status(),
      clients: thread.clients()
    }
    const now = JSON.stringify(news)
    if (now === told) return
    told = now
    tell(news)
  }, STATUS_MS).unref()
}
