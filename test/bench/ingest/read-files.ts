import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { PlatformaticClient, topic } from '../../../index.ts'
import { Ingest } from '../../../ingest/ingest.ts'
import { ObjectStore } from '../../../ingest/object-store.ts'
import * as topics from '../../../topology/retail/topics.ts'
import type { Figures } from '../case.ts'

export interface ReadFilesSettings {
  readonly brokers: readonly string[]
  readonly endpoint: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly bucket: string
  /** What is in the bucket. */
  readonly files: number
  readonly rows: number
  readonly bytes: number
}

const toMiB = 1 / 1024 / 1024
const tellEveryMs = 2_000

/** Reads all files of a bucket into the raw topic, exactly once, and watches its own memory. */
export async function readFiles(settings: ReadFilesSettings): Promise<Figures> {
  process.env.NODE_ENV = 'production'
  const { bucket, files, rows, bytes, endpoint, credentials } = settings
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-bench-ingest-'))
  const own = `bench-${process.pid}`
  const ingest = new Ingest({
    kafka: new PlatformaticClient({ brokers: [...settings.brokers] }),
    objectStore: new ObjectStore({ endpoint, credentials }),
    buckets: [{ bucket, country: 'US', currency: 'USD', timeZone: 'America/Los_Angeles' }],
    topics: {
      ...topics,
      rawCsv: topic(`${own}-raw-csv`, topics.rawCsv),
      fileEvents: topic(`${own}-file-events`, topics.fileEvents)
    },
    applicationId: own,
    stateDirectory: directory
  })
  try {
    await ingest.start()
    while (!(await ingest.isFinished())) await setTimeout(20)
    const cpu = process.cpuUsage()
    const began = performance.now()
    await ingest.scan()
    const memory: number[] = []
    let told = began
    while (!(await Promise.race([ingest.failed, ingest.isFinished()]))) {
      await setTimeout(100)
      const rss = process.memoryUsage().rss * toMiB
      const { progress } = ingest
      // from a tenth on: by then all that is made once is made
      if (progress.bytes >= bytes / 10) memory.push(rss)
      if (performance.now() - told < tellEveryMs) continue
      told = performance.now()
      const seconds = ((told - began) / 1000).toFixed(0)
      process.stderr.write(
        `${seconds.padStart(5)} s  ${(progress.bytes * toMiB).toFixed(0).padStart(6)} MiB  ${progress.rows.toLocaleString('en')} rows  ` +
          `${progress.files} of ${progress.filesTotal} files  RSS ${rss.toFixed(0)} MiB\n`
      )
    }
    const seconds = (performance.now() - began) / 1000
    const { user, system } = process.cpuUsage(cpu)
    const { progress } = ingest
    if (progress.rows !== rows || progress.done !== files)
      throw new Error(`${progress.rows} rows of ${progress.done} files were read, not ${rows} of ${files}`)
    return {
      rowsPerSecond: rows / seconds,
      MiBPerSecond: (bytes * toMiB) / seconds,
      filesPerSecond: files / seconds,
      'CPU µs/row': (user + system) / rows,
      'RSS MiB, first': memory[0] ?? Number.NaN,
      'RSS MiB, most': Math.max(...memory),
      'RSS growth MiB': Math.max(...memory) - (memory[0] ?? Number.NaN)
    }
  } finally {
    await ingest.close({ leaveGroup: true })
    await rm(directory, { recursive: true, force: true })
  }
}
