import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { KafkaStreams, PlatformaticClient } from '../../../index.ts'
import type { Figures } from '../case.ts'
import { ownCpuSeconds, peakRssMiB } from '../workload/cpu.ts'
import { type GraphData, streamThread } from './graph.ts'

export interface ThreadsSettings {
  readonly brokers: readonly string[]
  readonly input: string
  readonly records: number
  readonly threads: number
  /** In worker threads; else on the main thread. */
  readonly workers: boolean
}

/** From when the tasks run until the last record has had its last step; threads start, and tasks are assigned, before. */
export async function threadsProgram(settings: ThreadsSettings): Promise<Figures> {
  process.env.NODE_ENV = 'production'
  const { brokers, input, records, threads, workers } = settings
  const app = `threads-${threads}-${Date.now()}`
  const done = new SharedArrayBuffer(4)
  const data: GraphData = { input, output: `${app}-output`, done }
  const stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-bench-threads-'))
  const kafka = new PlatformaticClient({ brokers })
  const streams = new KafkaStreams(streamThread(data).topology, {
    applicationId: app,
    kafka,
    stateDirectory,
    processingGuarantee: 'exactly_once_v2',
    heartbeatIntervalMs: 300,
    threads,
    threadModule: workers ? { url: new URL('./graph.ts', import.meta.url), data } : undefined
  })
  const count = new Int32Array(done)
  try {
    // before a thread has its share, none is to have done the others' part
    streams.pause()
    await streams.start()
    await settled(streams, threads)
    const cpu = ownCpuSeconds()
    const began = performance.now()
    streams.resume()
    while (Atomics.load(count, 0) < records) await Promise.race([setTimeout(10), streams.finished])
    const seconds = (performance.now() - began) / 1000
    const cpuSeconds = ownCpuSeconds() - cpu
    await streams.close({ leaveGroup: true })
    const admin = kafka.admin('bench')
    await admin.deleteTopics([`${app}-hourly-changelog`, `${app}-by-sku-repartition`, data.output])
    await admin.close()
    return {
      recordsPerSecond: records / seconds,
      recordsPerCpuSecond: records / cpuSeconds,
      'seconds/M': (seconds / records) * 1e6,
      'peak RSS MiB': peakRssMiB()
    }
  } finally {
    await rm(stateDirectory, { recursive: true, force: true })
  }
}

/** Every thread runs its even share of the 8 tasks. */
async function settled(streams: KafkaStreams, threads: number): Promise<void> {
  for (;;) {
    const active = streams.tasks().filter(({ role, running }) => role === 'active' && running)
    if (active.length === 8 && new Set(active.map(({ thread }) => thread)).size === threads) return
    await Promise.race([setTimeout(20), streams.finished])
  }
}
