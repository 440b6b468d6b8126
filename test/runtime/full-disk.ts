import { spawnSync } from 'node:child_process'
import { writeSync } from 'node:fs'
import type { EngineKind } from '../../state/engine.ts'
import { MemoryApp } from './memory-app.ts'
import { sumsOf, sumsTopology, writeAmounts } from './sums.ts'

/*
 * An application whose state meets a limit of file sizes, as it would a full disk, until it ends; with the limit gone it is started again. Prints
 * one line of JSON. The limit is the process's, hence one of its own.
 */
const [engine] = process.argv.slice(2) as [EngineKind]
// the default action ends the process; a write then fails
process.on('SIGXFSZ', () => undefined)
const app = await MemoryApp.create()

function limitFiles(bytes: string): void {
  const { status, stderr } = spawnSync('prlimit', [`--pid=${process.pid}`, `--fsize=${bytes}:unlimited`], {
    encoding: 'utf8'
  })
  if (status !== 0) throw new Error(`prlimit: ${stderr}`)
}

const config = { engine, commitIntervalMs: 10 }
limitFiles('65536')
const first = await app.start(sumsTopology(), config)
const ended = first.finished.then(
  () => 'closed',
  (error: { code?: string }) => error.code
)
let times = 0
let outcome: string | undefined
while (outcome === undefined) {
  await writeAmounts(app, 1)
  times++
  await app.caughtUp(first).catch(() => undefined)
  outcome = first.state === 'ERROR' ? await ended : undefined
}
const { state } = first
limitFiles('unlimited')
const second = await app.start(sumsTopology(), config)
await app.caughtUp(second)
const sums = sumsOf(second)
await second.close()
await app.dispose()
const rebuilt = app.log.some((line) => /rebuilding|set aside/.test(line))
const wrong = sums.filter((sum) => sum !== times).length
writeSync(1, `${JSON.stringify({ outcome, state, sums: sums.length, wrong, rebuilt })}\n`)
process.exit(0)
