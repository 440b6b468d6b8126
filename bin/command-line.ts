import { StreamsError } from '../index.ts'
import type { Command, Terminal } from './command.ts'
import { describe } from './commands/describe.ts'
import { diff } from './commands/diff.ts'
import { lag } from './commands/lag.ts'
import { lock } from './commands/lock.ts'
import { newProcessor } from './commands/new-processor.ts'
import { rebuild } from './commands/rebuild.ts'
import { replayDlq } from './commands/replay-dlq.ts'
import { reset } from './commands/reset.ts'
import { run } from './commands/run.ts'
import { stateGet } from './commands/state-get.ts'
import { stateScan } from './commands/state-scan.ts'
import { stateStats } from './commands/state-stats.ts'
import { upload } from './commands/upload.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'

/** All of `store-sku`, in the order in which the help lists them. */
export const commands: readonly Command[] = [
  run,
  upload,
  describe,
  lock,
  diff,
  lag,
  reset,
  rebuild,
  replayDlq,
  stateGet,
  stateScan,
  stateStats,
  newProcessor
]

/** Runs a command line. Throws CONFIG_INVALID, and what node's `parseArgs` throws, for one that is not understood. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const asksForHelp = args.includes('--help') || args.includes('-h')
  const found = commands.find(({ name }) => name.split(' ').every((word, at) => args[at] === word))
  if (found === undefined) {
    const words = args.filter((arg) => !arg.startsWith('-'))
    const group = commands.filter(({ name }) => name.startsWith(`${words[0]} `))
    if (words.length > 0 && group.length === 0) throw notUnderstood(words)
    if (words.length > 1 && !asksForHelp) throw notUnderstood(words)
    terminal.print(overview(group.length > 0 ? group : commands))
    return args.length === 0 || asksForHelp ? exitCodes.done.code : exitCodes.notUnderstood.code
  }
  if (asksForHelp) {
    terminal.print(commandHelp(found))
    return exitCodes.done.code
  }
  return found.run(args.slice(found.name.split(' ').length), terminal)
}

function notUnderstood(words: readonly string[]): StreamsError {
  return new StreamsError(
    'CONFIG_INVALID',
    `there is no command "${words.join(' ')}"; there are ${commands.map(({ name }) => name).join(', ')}`
  )
}

function overview(listed: readonly Command[]): string {
  const lines = listed.map(
    ({ name, parameters, summary }) =>
      [`store-sku ${name}${parameters === undefined ? '' : ` ${parameters}`}`, summary] as const
  )
  const codes = Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning] as const)
  return `Runs, watches and changes stream processing applications.

${columns(lines)}

Each tells more: store-sku COMMAND --help. All have --json.

Exit codes
${columns(codes)}
`
}

/** The help page of a command. */
export function commandHelp({ name, parameters, summary, details, options, examples }: Command): string {
  const usage = `store-sku ${name}${parameters === undefined ? '' : ` ${parameters}`} [options]`
  const listed = Object.entries(options).map(([option, { value, help, default: standard }]) => {
    const known = typeof standard === 'string' && standard !== '' ? ` (default ${standard})` : ''
    return [`--${option}${value === undefined ? '' : ` ${value}`}`, help + known] as const
  })
  return `${summary}

  ${usage}
${details === undefined ? '' : `\n${details}\n`}
Options
${columns([...listed, ['--help', 'this page']])}

Examples
${columns(examples.map(([line, does]) => [`store-sku ${line}`, does]))}
`
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(44, Math.max(...rows.map(([left]) => left.length)))
  return rows
    .map(([left, right]) =>
      left.length > width
        ? `  ${left}\n  ${' '.repeat(width)}  ${right}`
        : `  ${left.padEnd(width)}  ${right}`
    )
    .join('\n')
}
