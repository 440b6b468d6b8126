import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Admin, type KafkaClient, KafkaStreams, type StreamsConfig } from '../../../index.ts'
import { cpuSecondsOf, ownCpuSeconds, peakRssMiB } from './cpu.ts'
import { CpuProfile } from './profile.ts'
import { type WorkloadName, workloadTopology } from './workloads.ts'

export interface WorkloadOptions {
  readonly workload: WorkloadName
  readonly guarantee: 'at_least_once' | 'exactly_once_v2'
  readonly cache: 'on' | 'off'
  readonly records: number
  readonly input: string
  readonly kafka: KafkaClient
  readonly brokerPid: number
  readonly restore: boolean
  /** Where a CPU profile is written; undefined: none is taken. */
  readonly profileFolder: string | undefined
  /** Off: tasks count nothing, and nobody asks. On: they count, and it is asked for as often as Prometheus would. */
  readonly metrics: 'on' | 'off'
}

const scrapeMs = 5_000

const partitions = 4
/** The peer's default, so that both hold the same. */
const cacheBytes = 10 * 1024 * 1024

export function cacheBytesOf(cache: 'on' | 'off'): number {
  return cache === 'on' ? cacheBytes : 0
}

/**
 * One run of a workload over an input topic that was filled beforehand. Yields the peer's figures under the peer's names.
 *
 * The clock: from the first record that reaches the topology until `close` has returned, after all input was processed. The figures of the
 * second half leave out most of the warming up, and `close`.
 */
export async function* runWorkload(options: WorkloadOptions): AsyncGenerator<Record<string, unknown>> {
  const { workload, guarantee, cache, records, input, kafka, brokerPid, metrics } = options
  const app = `ours-${workload}-${Date.now()}`
  const output = `${app}-output`
  const state = await mkdtemp(join(tmpdir(), 'store-sku-bench-'))
  const admin = kafka.admin('bench')
  const half = Math.floor(records / 2)
  let inputs = 0
  let done = 0
  let first: Clock | undefined
  let middle: Clock | undefined
  let last: Clock | undefined
  const clock = (): Clock => ({
    ms: performance.now(),
    cpu: ownCpuSeconds(),
    broker: cpuSecondsOf(brokerPid)
  })
  const topology = workloadTopology(workload, input, output, {
    input: () => {
      if (inputs++ === 0) first = clock()
    },
    done: () => {
      done++
      if (done === half) middle = clock()
      else if (done === records) last = clock()
    }
  })
  const config: StreamsConfig = {
    applicationId: app,
    kafka,
    stateDirectory: state,
    processingGuarantee: guarantee,
    cacheMaxBytes: cacheBytesOf(cache),
    recordMetrics: metrics === 'on'
  }
  try {
    const profile = options.profileFolder === undefined ? undefined : new CpuProfile()
    await profile?.start()
    const started = performance.now()
    const streams = new KafkaStreams(topology, config)
    await streams.start()
    const scrapes =
      metrics === 'on' ? setInterval(() => void streams.metrics.registry.metrics(), scrapeMs) : undefined
    while (done < records) await Promise.race([setTimeout(20), streams.finished])
    clearInterval(scrapes)
    await streams.close({ leaveGroup: true })
    const end = clock()
    if (profile !== undefined && options.profileFolder !== undefined)
      process.stderr.write(
        await profile.stop(options.profileFolder, `${workload}-${guarantee}-cache-${cache}`)
      )
    if (first === undefined || middle === undefined || last === undefined)
      throw new Error('the workload did not run')
    const seconds = (end.ms - first.ms) / 1000
    const cpu = end.cpu - first.cpu
    const outputs = await total(admin, output)
    yield {
      workload,
      guarantee,
      cache,
      threads: 1,
      protocol: 'classic',
      records,
      // as the peer counts: sales that left the stateless workload
      valid: workload === 'stateless' ? outputs : 0,
      startToFirstSeconds: round((first.ms - started) / 1000),
      secondsProcessed: round((last.ms - first.ms) / 1000),
      secondHalfRecordsPerSecond: Math.round((records - half) / ((last.ms - middle.ms) / 1000)),
      secondHalfRecordsPerClientCpuSecond: Math.round((records - half) / (last.cpu - middle.cpu)),
      seconds: round(seconds),
      recordsPerSecond: Math.round(records / seconds),
      clientCpuSeconds: round(cpu),
      recordsPerClientCpuSecond: Math.round(records / cpu),
      brokerCpuSeconds: round(end.broker - first.broker),
      processCpuSeconds: round(ownCpuSeconds()),
      peakRssMiB: peakRssMiB(),
      lag: await lag(admin, app, input),
      outputs
    }
    if (options.restore) yield await restore(options, config)
    await admin.deleteTopics([output, ...internalTopics(app, workload)])
  } finally {
    await admin.close()
    await rm(state, { recursive: true, force: true })
  }
}

interface Clock {
  readonly ms: number
  readonly cpu: number
  readonly broker: number
}

/** Deletes the local state and times its rebuild from the changelogs. */
async function restore(options: WorkloadOptions, config: StreamsConfig): Promise<Record<string, unknown>> {
  const { workload, guarantee, cache, input, brokerPid } = options
  await rm(config.stateDirectory, { recursive: true, force: true })
  let restored = 0
  let begin: Clock | undefined
  const clock = (): Clock => ({
    ms: performance.now(),
    cpu: ownCpuSeconds(),
    broker: cpuSecondsOf(brokerPid)
  })
  const topology = workloadTopology(workload, input, `${config.applicationId}-output`, {
    input() {},
    done() {}
  })
  const streams = new KafkaStreams(topology, {
    ...config,
    onRestore: (progress) => {
      begin ??= clock()
      if (progress.done) restored += progress.restored
    }
  })
  await streams.start()
  while (streams.state !== 'RUNNING') await Promise.race([setTimeout(5), streams.finished])
  const end = clock()
  await streams.close({ leaveGroup: true })
  const since = begin ?? end
  const seconds = (end.ms - since.ms) / 1000
  const cpu = end.cpu - since.cpu
  return {
    restore: workload,
    guarantee,
    cacheWhenWritten: cache,
    changelogRecords: restored,
    seconds: round(seconds),
    recordsPerSecond: Math.round(restored / seconds),
    clientCpuSeconds: round(cpu),
    recordsPerClientCpuSecond: Math.round(restored / cpu),
    brokerCpuSeconds: round(end.broker - since.broker),
    peakRssMiB: peakRssMiB()
  }
}

function internalTopics(app: string, workload: WorkloadName): string[] {
  if (workload === 'aggregate') return [`${app}-totals-changelog`]
  if (workload === 'rekey-aggregate') return [`${app}-hourly-changelog`, `${app}-by-sku-repartition`]
  return []
}

function all(topic: string) {
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
}

async function total(admin: Admin, topic: string): Promise<number> {
  return sum(await admin.listOffsets(all(topic), 'latest'))
}

async function lag(admin: Admin, group: string, topic: string): Promise<number> {
  return (await total(admin, topic)) - sum(await admin.groupOffsets(group, all(topic)))
}

function sum(offsets: ReadonlyMap<string, number>): number {
  return [...offsets.values()].reduce((all, one) => all + one, 0)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
