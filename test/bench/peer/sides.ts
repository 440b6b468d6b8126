import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { javaProgram } from '../../../deploy/local/java.ts'
import { streamsProgram } from '../../peer/java-program.ts'

/** A program that takes `--name value` pairs, ours or the peer's. */
export interface Side {
  readonly name: 'ours' | 'peer'
  readonly command: string
  readonly args: readonly string[]
}

const withinMs = 15 * 60_000
const heapMiB = 1024
/** As the image has it. */
const semiSpaceMiB = 16
const root = join(import.meta.dirname, '../../..')
/** Where tsconfig.json beside this file says. */
const compiled = join(root, '.local/bench')

/**
 * Ours, compiled as the package is, and Kafka Streams with a fixed heap, so that the collector's growth of it is no part of the comparison.
 */
export async function bothSides(report: (message: string) => void): Promise<readonly [Side, Side]> {
  report('compiling ours')
  await rm(compiled, { recursive: true, force: true })
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [compiler, '-p', import.meta.dirname], { stdio: ['ignore', 2, 2] })
  const folder = join(import.meta.dirname, 'java')
  const program = await streamsProgram('bench', folder, 'storesku.bench.Bench', report)
  return [
    {
      name: 'ours',
      command: process.execPath,
      args: [`--max-semi-space-size=${semiSpaceMiB}`, join(compiled, 'test/bench/workload/program.js')]
    },
    {
      name: 'peer',
      command: javaProgram('java'),
      args: [`-Xms${heapMiB}m`, `-Xmx${heapMiB}m`, ...program]
    }
  ]
}

function start(side: Side, values: Readonly<Record<string, string>>): ChildProcess {
  const args = Object.entries(values).flatMap(([name, value]) => [`--${name}`, value])
  return spawn(side.command, [...side.args, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    signal: AbortSignal.timeout(withinMs),
    killSignal: 'SIGKILL',
    env: { ...process.env, NODE_ENV: 'production' }
  })
}

/** Runs it to its end and returns the lines of JSON it printed. */
export async function run(
  side: Side,
  values: Readonly<Record<string, string>>
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const child = start(side, values)
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${side.name}, ${JSON.stringify(values)}: the process ended with ${code}`)
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** A program that works until it is told to stop. */
export interface Served {
  stop(): Promise<void>
}

/** Resolves when it says that it is ready. */
export async function serve(side: Side, values: Readonly<Record<string, string>>): Promise<Served> {
  const child = start(side, { ...values, serve: 'yes' })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  await Promise.race([
    once(child.stdout!, 'data'),
    ended.then((code) => {
      throw new Error(`${side.name}: the process ended with ${code} before it was ready`)
    })
  ])
  return {
    async stop() {
      child.stdin?.end()
      const code = await ended
      if (code !== 0) throw new Error(`${side.name}: the process ended with ${code}`)
    }
  }
}
