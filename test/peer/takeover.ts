import { runProgram } from './java-program.ts'

/** Which records of the application's input: `from` to `to` - 1 of the `records` that the seed gives. */
export interface TakeoverInput {
  readonly records: number
  readonly seed: number
  readonly from?: number
  readonly to?: number
}

export interface TakeoverRun {
  readonly guarantee?: 'exactly_once_v2' | 'at_least_once'
  /** Bytes; default 0, so that each input record makes one record in each output */
  readonly cache?: number
  /** Default: a new folder, deleted at the end, so that the state is always restored */
  readonly state?: string
  /** Seconds until it gives up */
  readonly timeout?: number
}

/** The application of README.md as Kafka Streams runs it. */
export class JavaApplication {
  readonly #bootstrap: string
  readonly #app: string

  constructor(bootstrap: string, app: string) {
    this.#bootstrap = bootstrap
    this.#app = app
  }

  /** Writes input records; makes the topics first. */
  async produce(input: TakeoverInput): Promise<void> {
    await this.#run('produce', inputArgs(input))
  }

  /** Runs it until the group has committed all input and repartition records, and closes. */
  async runUntilCommitted(options: TakeoverRun = {}): Promise<void> {
    await this.#run('run', ['--until-lag-0', ...optionArgs(options)])
  }

  /** Runs it until the signal, which kills it. Rejects then. */
  async runUntil(signal: AbortSignal): Promise<void> {
    await this.#run('run', [], signal)
  }

  /** The latest record of each key of the changelogs, read committed, as sorted lines `store key value timestamp`. */
  dump(): Promise<string> {
    return this.#run('dump', [])
  }

  /** The same of the output topics, as if they were the stores. */
  outputs(): Promise<string> {
    return this.#run('outputs', [])
  }

  #run(command: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
    return runProgram('Takeover', {
      ...(signal === undefined ? {} : { signal }),
      args: [command, '--bootstrap', this.#bootstrap, '--app', this.#app, ...args]
    })
  }
}

/** What `dump` (or `outputs`) must give after these records, computed without Kafka. */
export function expectedState(input: TakeoverInput, what: 'dump' | 'outputs'): Promise<string> {
  return runProgram('Takeover', {
    args: ['expect', ...inputArgs(input), ...(what === 'outputs' ? ['--outputs'] : [])]
  })
}

function inputArgs({ records, seed, from, to }: TakeoverInput): string[] {
  return optionArgs({ records, seed, from, to })
}

function optionArgs(options: object): string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)]
  )
}
