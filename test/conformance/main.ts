import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { EngineKind } from '../../state/engine.ts'
import type { ConformanceCase } from './case.ts'
import { replay } from './replay.ts'

const help = `Replays cases that Apache Kafka Streams answered, and tells what differs: outputs, stores, and internal topics byte for byte.

  npm run conformance -- DIR...            every *.json in folders and those below, or single files
  npm run conformance -- test/conformance/cases --engine level

  --only NAME    cases of this name or topology
  --engine NAME  memory (default), rocksdb or level
  --brief        one line for each case that failed
  --help         this page

Exit code 0: all passed, 1: one did not, 2: nothing to replay.
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    engine: { type: 'string' },
    brief: { type: 'boolean' },
    help: { type: 'boolean' }
  }
})
if (values.help || positionals.length === 0) {
  process.stdout.write(help)
  process.exit(values.help ? 0 : 2)
}

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
const nothing = passed + failed.length === 0
if (nothing)
  console.error(`no case${values.only === undefined ? '' : ` ${values.only}`} in ${positionals.join(', ')}`)
process.exitCode = nothing ? 2 : failed.length === 0 ? 0 : 1
