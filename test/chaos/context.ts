import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProgressBars } from '../../bin/progress-bars.ts'
import type { ChaosCase, ChaosContext } from './case.ts'
import { Random } from './random.ts'
import { Watchdog } from './watchdog.ts'

/** Longer than anything that may rightly take its time: a broker that comes back, a transaction that times out. */
const idleMs = 120_000

export interface PhaseTime {
  readonly name: string
  readonly ms: number
}

/** What a case gets to work with, and what it leaves behind to be tidied up. */
export class CaseRun implements ChaosContext {
  readonly seed: number
  readonly directory: string
  readonly bars: ProgressBars
  readonly watchdog = new Watchdog(idleMs)
  readonly phases: PhaseTime[] = []
  readonly #case: ChaosCase
  readonly #given: Readonly<Record<string, string | undefined>>
  readonly #atEnd: ((failed: boolean) => Promise<void>)[] = []

  private constructor(
    chaosCase: ChaosCase,
    given: Readonly<Record<string, string | undefined>>,
    bars: ProgressBars,
    place: { readonly seed: number; readonly directory: string }
  ) {
    this.#case = chaosCase
    this.#given = given
    this.bars = bars
    this.seed = place.seed
    this.directory = place.directory
  }

  static async prepare(
    chaosCase: ChaosCase,
    given: Readonly<Record<string, string | undefined>>,
    bars: ProgressBars,
    place: { readonly seed: number; readonly directory: string }
  ): Promise<CaseRun> {
    const directory = join(place.directory, chaosCase.name)
    await mkdir(directory, { recursive: true })
    return new CaseRun(chaosCase, given, bars, { seed: place.seed, directory })
  }

  random(purpose: string): Random {
    return new Random(this.seed, purpose)
  }

  text(name: string): string {
    const option = this.#case.options.find((candidate) => candidate.name === name)
    if (option === undefined) throw new Error(`the case ${this.#case.name} has no option ${name}`)
    return this.#given[name] ?? option.default
  }

  number(name: string): number {
    const value = Number(this.text(name))
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} is a whole number, 0 or more`)
    return value
  }

  log(line: string): void {
    this.bars.log(line)
  }

  async phase<T>(name: string, action: () => Promise<T>): Promise<T> {
    const began = performance.now()
    this.watchdog.enter(name)
    this.log(name)
    try {
      return await this.watchdog.guard(action())
    } finally {
      this.phases.push({ name, ms: performance.now() - began })
    }
  }

  atEnd(action: (failed: boolean) => Promise<void>): void {
    this.#atEnd.push(action)
  }

  /** Everything is tried, so that no broker is left because a worker could not be ended. */
  async tidyUp(failed: boolean): Promise<void> {
    this.watchdog.stop()
    for (let action = this.#atEnd.pop(); action !== undefined; action = this.#atEnd.pop())
      await action(failed).catch((error: unknown) => this.log(`tidying up: ${String(error)}`))
  }
}
