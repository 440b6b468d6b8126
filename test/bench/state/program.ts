import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stateBench } from '../../state/bench-state.ts'
import type { Figures } from '../case.ts'
import type { StateSettings } from './suite.ts'

export async function stateProgram(settings: StateSettings): Promise<Figures> {
  process.env.NODE_ENV = 'production'
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-bench-state-'))
  try {
    const { updateNs, windowFetchNs, scanRowNs, rssGrowthMiB } = await stateBench({ ...settings, directory })
    return {
      'update, CPU µs': updateNs / 1000,
      'fetch of 20 windows, CPU µs': windowFetchNs / 1000,
      'scan, CPU µs/row': scanRowNs / 1000,
      'RSS growth MiB': rssGrowthMiB
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
