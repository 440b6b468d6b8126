import { parentPort, workerData } from 'node:worker_threads'
import { hasCode } from '../../core/errors.ts'
import type { EngineKind } from '../../state/engine.ts'
import { openEngine } from '../../state/engines/open-engine.ts'

/** Opens an engine in a thread of its own, says what came of it, and ends with the engine open. */
const { kind, directory } = workerData as { kind: EngineKind; directory: string }
const outcome = await openEngine(kind, directory).then(
  () => 'open',
  (error) => (hasCode(error, 'STORE_LOCKED') ? 'STORE_LOCKED' : String(error))
)
parentPort?.postMessage(outcome)
parentPort?.once('message', () => process.exit())
