import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { EngineKind } from '../../state/engine.ts'
import type { ConformanceCase } from './case.ts'
import { replay } from './replay.ts'

/** `npm run conformance -- DIR... [--only NAME] [--engine memory|rocksdb|level] [--brief]`: replays every case found and tells what differs. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, engine: { type: 'string' }, brief: { type: 'boolean' } }
})

function engineOf(name = 'memory'): EngineKind {
  if (name === 'memory' || name === 'rocksdb' || name === 'level') return name
  throw new Error(`--engine ${name}: memory, rocksdb or level`)
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name)))
    .filter((file) => file.endsWith('.json'))
}

let passed = 0
const failed: string[] = []
for (const file of positionals.flatMap(filesOf)) {
  const given = JSON.parse(readFileSync(file, 'utf8')) as ConformanceCase
  if (values.only !== undefined && values.only !== given.name && values.only !== given.topology) continue
  const differences = await replay(given, engineOf(values.engine))
  if (differences.length === 0) {
    passed++
    continue
  }
  failed.push(given.name)
  if (values.brief) console.log(`FAILED ${given.name}: ${differences[0]?.split('\n')[0]}`)
  else console.log([`FAILED ${given.name} (${file})`, ...differences.slice(0, 10)].join('\n  '))
}
console.log(`${passed} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1
