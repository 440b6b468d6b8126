import type { WriteStream } from 'node:tty'
import { runCommandLine } from '../../bin/command-line.ts'
import { exitCodeOf } from '../../bin/exit-codes.ts'
import { ProgressBars } from '../../bin/progress-bars.ts'

export interface CommandResult {
  readonly code: number
  /** What programs read. */
  readonly stdout: string
  /** What people read beside it. */
  readonly stderr: string
}

/** Runs `store-sku` with these words in this process. */
export async function runCommand(...args: string[]): Promise<CommandResult> {
  let stdout = ''
  let stderr = ''
  const out = {
    isTTY: false,
    write: (text: string) => {
      stderr += text
      return true
    }
  } as unknown as WriteStream
  const terminal = {
    print: (text: string) => {
      stdout += text
    },
    bars: new ProgressBars(out),
    stop: new AbortController().signal
  }
  try {
    return { code: await runCommandLine(args, terminal), stdout, stderr }
  } catch (error) {
    return { code: exitCodeOf(error), stdout, stderr: `${stderr}error: ${(error as Error).message}\n` }
  }
}
