import { expect, test } from 'vitest'
import { stateBench } from './bench-state.ts'
import { withDirectory } from './directories.ts'

test.each(['zipf', 'uniform'] as const)('the benchmark runs, keys drawn %s', (distribution) =>
  withDirectory(async (directory) => {
    const result = await stateBench({
      keys: 500,
      records: 2000,
      distribution,
      commitEvery: 500,
      engine: 'rocksdb',
      budgetBytes: 16 << 20,
      directory
    })
    expect(result.rows).toBe(500)
    expect(result.updateNs).toBeGreaterThan(0)
    expect(result.windowFetchNs).toBeGreaterThan(0)
  })
)
