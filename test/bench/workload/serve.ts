import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type KafkaClient, KafkaStreams } from '../../../index.ts'
import { cacheBytesOf, type WorkloadOptions } from './run.ts'
import { workloadTopology } from './workloads.ts'

interface ServeOptions extends Pick<WorkloadOptions, 'workload' | 'guarantee' | 'cache' | 'input'> {
  readonly output: string
  readonly kafka: KafkaClient
}

/** Runs a workload until the standard input ends; says `ready` when it does. */
export async function serveWorkload(options: ServeOptions): Promise<void> {
  const { workload, guarantee, cache, input, output, kafka } = options
  const stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-bench-'))
  try {
    const topology = workloadTopology(workload, input, output, { input() {}, done() {} })
    const streams = new KafkaStreams(topology, {
      applicationId: `ours-${workload}-${Date.now()}`,
      kafka,
      stateDirectory,
      processingGuarantee: guarantee,
      cacheMaxBytes: cacheBytesOf(cache)
    })
    await streams.start()
    while (streams.state !== 'RUNNING') await Promise.race([setTimeout(5), streams.finished])
    process.stdout.write('ready\n')
    process.stdin.resume()
    await Promise.race([once(process.stdin, 'end'), streams.finished])
    await streams.close({ leaveGroup: true })
  } finally {
    await rm(stateDirectory, { recursive: true, force: true })
  }
}
