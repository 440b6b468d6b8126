import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { ProgressBars } from '../../bin/progress-bars.ts'
import type { CaseResult, ChaosCase } from './case.ts'
import { cases } from './cases.ts'
import { type CommandLine, helpText, readCommandLine } from './command-line.ts'
import { CaseRun, type PhaseTime } from './context.ts'

const bars = new ProgressBars(process.stderr)
let current: CaseRun | undefined

async function main(): Promise<void> {
  const commandLine = readCommandLine(cases, process.argv.slice(2))
  if (commandLine.help) {
    process.stdout.write(helpText(cases))
    return
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted(signal))
  const directory = await mkdtemp(join(tmpdir(), 'store-sku-chaos-'))
  bars.log(`seed ${commandLine.seed}, in ${directory}`)
  const results: CaseResult[] = []
  const phases: PhaseTime[] = []
  for (const one of commandLine.chosen) results.push(...(await runCase(one, commandLine, directory, phases)))
  const failed = results.filter(({ passed }) => !passed).length
  if (failed === 0 && !commandLine.keep) await rm(directory, { recursive: true, force: true })
  else bars.log(`data and logs are in ${directory}`)
  for (const { name, ms } of phases) print(`${(ms / 1000).toFixed(1).padStart(7)} s  ${name}`)
  for (const { name, passed, details } of results) {
    const verdict = passed
      ? styleText('green', 'passed', { stream: process.stdout })
      : styleText('red', 'FAILED', { stream: process.stdout })
    print(`${verdict}  ${name.padEnd(18)} ${details}`)
  }
  print(`${results.length - failed} passed, ${failed} failed`)
  // what a case left running must not keep this from ending
  process.exit(failed === 0 ? 0 : 1)
}

async function runCase(
  one: ChaosCase,
  { given, seed, keep }: CommandLine,
  directory: string,
  phases: PhaseTime[]
): Promise<readonly CaseResult[]> {
  const run = await CaseRun.prepare(one, given, bars, { seed, directory })
  current = run
  let results: readonly CaseResult[]
  try {
    results = await one.run(run)
    // such as when an option names none of what there is to try
    if (results.length === 0) results = [{ name: one.name, passed: false, details: 'nothing was tried' }]
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    if (error instanceof Error) bars.log(error.stack ?? error.message)
    results = [{ name: one.name, passed: false, details: text }]
  }
  bars.finish()
  await run.tidyUp(keep || results.some(({ passed }) => !passed))
  current = undefined
  phases.push(...run.phases)
  return results
}

async function interrupted(signal: NodeJS.Signals): Promise<void> {
  bars.log(`${signal}: ending what was started`)
  await current?.tidyUp(true)
  process.exit(130)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nSee --help.\n`)
  process.exitCode = 2
}
