import { writeSync } from 'node:fs'
import { StreamsError } from '../../core/errors.ts'
import { openEngine } from '../../state/engines/open-engine.ts'

/*
 * A process that writes batches until there is no room, then prints the error's code and the number of the last batch that was taken.
 */

const [kind, directory] = process.argv.slice(2) as ['rocksdb' | 'level', string]
const engine = await openEngine(kind, directory)
let batch = 0
try {
  for (; ; batch++) {
    const value = Buffer.alloc(100_000, `${Math.random()}`)
    engine.writeBatchSync([{ key: Buffer.from(`batch-${String(batch).padStart(6, '0')}`), value }])
  }
} catch (error) {
  const code = error instanceof StreamsError ? error.code : String(error)
  writeSync(1, `${code} ${String(batch - 1).padStart(6, '0')}\n`)
}
await engine.close().catch(() => undefined)
