import { Readable } from 'node:stream'
import { Registry } from 'prom-client'
import { afterEach, expect, it, vi } from 'vitest'
import { ingestMetrics } from '../../ingest/ingest-metrics.ts'
import type { ObjectHead, ObjectVersion } from '../../ingest/stored-object.ts'
import { salesCsv } from './ingest-fixture.ts'
import { created, MemoryIngest } from './memory-ingest.ts'

let system: MemoryIngest

afterEach(() => system.close())

/** Makes the bucket keep each version that was looked at. */
function keepVersions({ store }: MemoryIngest): void {
  const versions = new Map<string, ObjectHead & { readonly content: Buffer }>()
  const head = store.head.bind(store)
  store.head = async (bucket, key) => {
    const found = await head(bucket, key)
    if (found === undefined) return undefined
    const version = { ...found, versionId: found.etag }
    versions.set(found.etag, { ...version, content: store.objects.get(`${bucket}/${key}`) as Buffer })
    return version
  }
  store.getVersion = async (_bucket: string, _key: string, { etag, from = 0 }: ObjectVersion) => {
    const version = versions.get(etag)
    if (version === undefined) return 'missing'
    const { content, ...known } = version
    return { ...known, body: Readable.from([content.subarray(from)], { objectMode: false }) }
  }
}

async function counted(): Promise<number> {
  const registry = new Registry()
  ingestMetrics(system.ingest, registry)
  const rows = await registry.getSingleMetric('retail_ingest_rows_total')?.get()
  return rows?.values[0]?.value ?? Number.NaN
}

it('the counter of rows grows with what is handed on: a corrected file does not make it fall, nor a restart jump', async () => {
  system = new MemoryIngest()
  keepVersions(system)
  const read = async (content: string, rows: number) => {
    system.store.put('sku-us/1/good.csv', content)
    await system.ingest.announce([created('1/good.csv')])
    await vi.waitFor(() => expect(system.ingest.progress.rows).toBe(rows), 5_000)
    await vi.waitFor(async () => expect(await system.ingest.isFinished()).toBe(true), 5_000)
  }
  await system.ingest.start()
  expect(await counted()).toBe(0)
  await read(salesCsv(50), 50)
  expect(await counted()).toBe(50)
  await read(salesCsv(3), 3)
  // 50 were taken back
  expect(await counted()).toBe(103)
  await system.restart()
  await vi.waitFor(() => expect(system.ingest.progress.rows).toBe(3), 5_000)
  expect(await counted()).toBe(0)
}, 20_000)
