import { StreamsError } from '../index.ts'

/** What the exit codes of `store-sku` say. docs/reference/command-line.md is made from this list. */
export const exitCodes = {
  done: { code: 0, meaning: 'Done, or the answer is yes.' },
  no: {
    code: 1,
    meaning:
      'The answer is no: the application must be reset, the lock file is out of date, the lag is above what was allowed, the figures do not agree.'
  },
  notUnderstood: { code: 2, meaning: 'The command line or a setting is wrong (`CONFIG_INVALID`).' },
  failed: { code: 3, meaning: 'It failed, and would fail again: the message says what is wrong.' },
  tryAgain: {
    code: 4,
    meaning:
      'It failed for now, nothing was lost: a broker is away, the application still runs. Errors whose action is `retry`.'
  },
  stopped: { code: 130, meaning: 'Stopped by Ctrl-C or SIGTERM before its work was done.' }
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]['code']

/** The exit code of a command that threw. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof Error)) return exitCodes.failed.code
  // what node:util's parseArgs throws
  if ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) return exitCodes.notUnderstood.code
  if (!(error instanceof StreamsError)) return exitCodes.failed.code
  if (error.code === 'CONFIG_INVALID') return exitCodes.notUnderstood.code
  return error.action === 'retry' ? exitCodes.tryAgain.code : exitCodes.failed.code
}
