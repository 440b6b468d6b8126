import { writeSync } from 'node:fs'
import type { EngineKind } from '../../state/engine.ts'
import { openEngine } from '../../state/engines/open-engine.ts'

/*
 * A process that writes batches until it is killed. Batch n sets all of 200 keys to n and deletes the marker of batch n - 1. After each
 * batch its number goes to standard output.
 */

const [kind, directory] = process.argv.slice(2) as [EngineKind, string]
const engine = await openEngine(kind, directory)
const padding = 'x'.repeat(500)
for (let batch = 1; ; batch++) {
  const operations: { key: Buffer; value: Buffer | null }[] = [
    { key: Buffer.from(`marker-${batch - 1}`), value: null },
    { key: Buffer.from(`marker-${batch}`), value: Buffer.from('here') }
  ]
  for (let i = 0; i < 200; i++)
    operations.push({ key: Buffer.from(`key-${i}`), value: Buffer.from(`${batch} ${padding}`) })
  engine.writeBatchSync(operations)
  writeSync(1, `${batch}\n`)
}
