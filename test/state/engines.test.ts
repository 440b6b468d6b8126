import { expect, test } from 'vitest'
import { openEngine } from '../../state/engines/open-engine.ts'
import { withDirectory } from './directories.ts'
import { diskEngineConformance, engineConformance } from './engine-conformance.ts'

engineConformance('memory')
engineConformance('rocksdb')
engineConformance('level')
diskEngineConformance('rocksdb')
diskEngineConformance('level')

test('auto opens an engine on disk', () =>
  withDirectory(async (directory) => {
    const engine = await openEngine('auto', directory)
    expect(['rocksdb', 'level']).toContain(engine.kind)
    await engine.close()
  }))
