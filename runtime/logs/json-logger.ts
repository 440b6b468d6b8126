import { type DestinationStream, type Level, pino } from 'pino'
import type { Logger } from '../../core/logger.ts'
import { withoutContents, withoutSecrets } from './redact.ts'

export interface JsonLoggerOptions {
  /** Stands in each line, such as `{ application: 'retail', replica: 'a' }`. */
  readonly fields?: Readonly<Record<string, string>>
  /** Default `info`. */
  readonly level?: Level
  /** Lets messages quote pieces of records that could not be read. Default false. */
  readonly recordContents?: boolean
  /** Default: standard output, written at once. */
  readonly destination?: DestinationStream
}

/**
 * A log of JSON lines (pino): time in ISO 8601, level as a word, message, fields. Secrets are hidden where they stand in their usual forms: passwords in
 * addresses, tokens, settings that are named like secrets. Record contents are left out unless asked for; what a function of the graph throws is its
 * author's to keep free of them.
 */
export function jsonLogger({
  fields = {},
  level = 'info',
  recordContents = false,
  destination
}: JsonLoggerOptions = {}): Logger {
  const log = pino(
    {
      level,
      base: { ...fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) }
    },
    destination ?? pino.destination({ dest: 1, sync: true })
  )
  const clean = (message: string) => withoutSecrets(recordContents ? message : withoutContents(message))
  return {
    info: (message) => log.info(clean(message)),
    warn: (message) => log.warn(clean(message)),
    error: (message) => log.error(clean(message))
  }
}
