import type { ProgressBars } from '../../bin/progress-bars.ts'
import type { Random } from './random.ts'
import type { Watchdog } from './watchdog.ts'

/** One thing that is broken on purpose, over and over. */
export interface ChaosCase {
  readonly name: string
  /** One line for the help */
  readonly describe: string
  readonly options: readonly CaseOption[]
  /** Throws only when the case itself could not be carried out; what it found is in the results. */
  run(context: ChaosContext): Promise<readonly CaseResult[]>
}

/** `--name value` on the command line; cases may share one. */
export interface CaseOption {
  readonly name: string
  readonly default: string
  readonly describe: string
}

export interface CaseResult {
  readonly name: string
  readonly passed: boolean
  /** What a reader of the table wants to know, passed or not */
  readonly details: string
}

export interface ChaosContext {
  readonly seed: number
  /** A folder of the case's own; removed when all went well */
  readonly directory: string
  readonly bars: ProgressBars
  readonly watchdog: Watchdog
  random(purpose: string): Random
  /** An option's value, the case's default if it was not given */
  text(name: string): string
  number(name: string): number
  log(line: string): void
  /** Runs the action as a phase of this name, whose time is told in the end. */
  phase<T>(name: string, action: () => Promise<T>): Promise<T>
  /** Done at the end of the case, however it ends, the last one first */
  atEnd(action: (failed: boolean) => Promise<void>): void
}
