import { writeSync } from 'node:fs'
import type { EngineKind } from '../../state/engine.ts'
import { openEngine } from '../../state/engines/open-engine.ts'

/* A process that holds a store open until its standard input ends. */
const [kind, directory] = process.argv.slice(2) as [EngineKind, string]
const engine = await openEngine(kind, directory)
writeSync(1, 'open\n')
for await (const _ of process.stdin);
await engine.close()
