import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { BenchCase, Figures } from './case.ts'

const main = join(import.meta.dirname, 'main.ts')
/** Tells main.ts to run one program: its name and its settings follow. */
export const childFlag = '--child'
const withinMs = 15 * 60_000

/** Runs a case once in a process of its own. BENCH_NODE_OPTIONS may add options of Node, such as --cpu-prof. */
export async function runCase(one: BenchCase): Promise<Figures> {
  const extra = process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? []
  const started = spawn(
    process.execPath,
    ['--expose-gc', ...extra, main, childFlag, one.program, JSON.stringify(one.settings)],
    { stdio: ['ignore', 'pipe', 'inherit'], signal: AbortSignal.timeout(withinMs) }
  )
  let output = ''
  started.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const [code] = (await once(started, 'close')) as [number | null]
  const last = output.trimEnd().split('\n').at(-1) ?? ''
  if (code !== 0) throw new Error(`${one.group}, ${one.name}: the process ended with ${code}`)
  return JSON.parse(last) as Figures
}
