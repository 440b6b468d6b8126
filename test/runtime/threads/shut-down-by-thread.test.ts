import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { StreamsBuilder, type StreamsConfig, string, topic } from '../../../index.ts'
import { resolveConfig } from '../../../runtime/config.ts'
import { StreamsMetrics } from '../../../runtime/metrics.ts'
import { prepareTopics } from '../../../runtime/prepare-topics.ts'
import { partsOfTaskId } from '../../../runtime/task-id.ts'
import { ApplicationThreads } from '../../../runtime/threads/application-threads.ts'
import { LocalThread } from '../../../runtime/threads/local-thread.ts'
import { processIdentity } from '../../../state/task-directory.ts'
import { MemoryApp } from '../memory-app.ts'

const PARTITIONS = 6
const input = topic('input', { key: string(), value: string(), partitions: PARTITIONS })
const keys = Array.from({ length: 50 }, (_, n) => `key ${n}`)

it('shutdown-application: the second thread asks in its own place, not in that of the first, which runs', async () => {
  const app = await MemoryApp.create()
  const stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-threads-'))
  try {
    const builder = new StreamsBuilder()
    /** Keys by the partition they are in. */
    const partitionOf = new Map<string, number>()
    builder.stream(input).process<string, string>(() => ({
      process({ key, value }, { partition }) {
        partitionOf.set(key, partition)
        if (value === 'bad') throw new Error('a bad record')
      }
    }))
    const topology = builder.build()
    await app.write(
      input,
      keys.map((key) => ({ key, value: 'good', timestamp: 0 }))
    )
    const other = await app.start(topology, { stateDirectory, commitIntervalMs: 10, heartbeatIntervalMs: 20 })
    const otherEnd = other.finished.catch((error) => error.code)

    const asked: string[] = []
    const settings: StreamsConfig = {
      applicationId: app.applicationId,
      kafka: app.client,
      stateDirectory: app.stateDirectory,
      processingGuarantee: 'exactly_once_v2',
      heartbeatIntervalMs: 20,
      minFreeDiskBytes: 0,
      maxPollIntervalMs: 0,
      uncaughtExceptionHandler: (error) => {
        asked.push(error.message)
        return 'shutdown-application'
      }
    }
    const config = { ...resolveConfig(settings), threads: 2 }
    const admin = app.client.admin('admin')
    const threads = new ApplicationThreads({
      config,
      topology,
      prepared: await prepareTopics(admin, topology, config),
      processId: await processIdentity(app.stateDirectory, app.applicationId),
      admin,
      metrics: new StreamsMetrics(app.applicationId)
    })
    const end = threads.run(() => false).catch((error) => error.code)
    const partitionsOf = (number: number) =>
      threads.pool.threads.flatMap((thread) =>
        thread instanceof LocalThread && thread.number === number
          ? thread.status().flatMap(({ id, running }) => (running ? partsOfTaskId(id).partition : []))
          : []
      )
    const shared = () => [partitionsOf(1), partitionsOf(2)].every(({ length }) => length === PARTITIONS / 3)
    await app.until(other, () => shared() && partitionOf.size === keys.length)

    const [partition] = partitionsOf(2)
    const key = keys.find((one) => partitionOf.get(one) === partition) as string
    await app.write(input, [{ key, value: 'bad', timestamp: 1 }])
    const late = setTimeout(10_000, 'late', { ref: false })
    expect(await Promise.race([end, late])).toBe('PROCESSOR_FAILED')
    expect(await Promise.race([otherEnd, late])).toBe('APPLICATION_SHUTDOWN')
    // about what went wrong alone
    expect(asked).toEqual([expect.stringContaining('a bad record')])
    await admin.close()
  } finally {
    await app.dispose()
    await rm(stateDirectory, { recursive: true, force: true })
  }
})
