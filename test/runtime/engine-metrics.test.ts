import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { StreamsMetrics } from '../../runtime/metrics.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openEngine } from '../../state/engines/open-engine.ts'

async function valuesOf(metrics: StreamsMetrics, name: string): Promise<Record<string, number>> {
  const found = (await metrics.registry.getMetricsAsJSON()).find((metric) => metric.name === name)
  return Object.fromEntries(
    (found?.values ?? []).map(({ labels, value }) => [`${labels['task']} ${labels['store']}`, value])
  )
}

it('engines on disk tell about themselves at each scrape, until they are closed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-metrics-'))
  const metrics = new StreamsMetrics()
  try {
    const rocks = await openEngine('rocksdb', join(directory, 'a'), { memtableBytes: 1 << 20 })
    const level = await openEngine('level', join(directory, 'b'))
    metrics.engine('0_0', 'a', rocks)
    metrics.engine('0_1', 'b', level)
    metrics.engine('0_1', 'memory', new MemoryEngine('memory'))
    const before = await valuesOf(metrics, 'streams_store_memtable_bytes')
    expect(Object.keys(before)).toEqual(['0_0 a', '0_1 b'])
    for (let i = 0; i < 20_000; i++)
      rocks.writeBatchSync([{ key: Buffer.from(`key ${i}`), value: Buffer.alloc(200, i) }])
    for (let i = 0; i < 20_000; i += 10) rocks.getSync(Buffer.from(`key ${i}`))
    await expect
      .poll(async () => (await valuesOf(metrics, 'streams_store_table_bytes'))['0_0 a'])
      .toBeGreaterThan(1 << 20)
    const after = await valuesOf(metrics, 'streams_store_memtable_bytes')
    expect(after['0_0 a']).toBeGreaterThan(0)
    expect((await valuesOf(metrics, 'streams_store_table_reader_bytes'))['0_0 a']).toBeGreaterThan(0)
    for (let i = 0; i < 5_000; i += 10) rocks.getSync(Buffer.from(`key ${i}`))
    // LevelDB does not tell its cache of blocks
    expect(await valuesOf(metrics, 'streams_store_block_cache_bytes')).toEqual({
      '0_0 a': expect.toSatisfy((bytes: number) => bytes > 10_000)
    })
    expect(await valuesOf(metrics, 'streams_store_write_stalled')).toEqual({ '0_0 a': 0 })
    expect(Object.keys(await valuesOf(metrics, 'streams_store_running_compactions'))).toEqual(['0_0 a'])
    await rocks.close()
    expect(Object.keys(await valuesOf(metrics, 'streams_store_table_bytes'))).toEqual(['0_1 b'])
    await level.close()
    expect(await valuesOf(metrics, 'streams_store_table_bytes')).toEqual({})
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
