import type { Terminal } from './command.ts'
import { runCommandLine } from './command-line.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { ProgressBars } from './progress-bars.ts'

/** Aborted by the first Ctrl-C or SIGTERM; a second one ends the process at once. */
function stopSignal(bars: ProgressBars): AbortSignal {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(exitCodes.stopped.code)
    bars.log(`${name}: finishing what is under way; once more to stop at once`)
    controller.abort()
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return controller.signal
}

/** Runs the command line of this process and ends it. */
export async function main(): Promise<never> {
  // values are frozen against accidental change in development; here it is results that count
  process.env['NODE_ENV'] ??= 'production'
  const bars = new ProgressBars(process.stderr)
  const terminal: Terminal = {
    print: (text) => void process.stdout.write(text),
    bars,
    stop: stopSignal(bars)
  }
  // a reader that has seen enough, such as `head`, is no failure
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done.code)
    throw error
  })
  let code: number
  try {
    code = await runCommandLine(process.argv.slice(2), terminal)
  } catch (error) {
    const { message, cause } = error as Error
    bars.log(`error: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}`)
    code = exitCodeOf(error)
  }
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
  process.exit(code)
}
