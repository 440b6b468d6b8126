/** What a program found, by name; every figure is the better the smaller, unless its name ends in `PerSecond`. */
export type Figures = Readonly<Record<string, number>>

/** One thing to measure, in a process of its own. */
export interface BenchCase {
  /** Cases of a group are compared: their rounds take turns. */
  readonly group: string
  readonly name: string
  /** Which program of programs.ts runs it. */
  readonly program: string
  /** JSON for the program. */
  readonly settings: object
  /** The figure that is judged, and its bound. */
  readonly target?: { readonly figure: string; readonly atMost?: number; readonly atLeast?: number }
  readonly rounds?: number
}

export interface BenchOptions {
  readonly records: number
  /** Size of the ingest suite's large file. */
  readonly ingestBytes: number
  readonly rounds: number
  /** `host:port` of a SASL_SSL listener that is there already; undefined: start one. */
  readonly securedBrokers: string | undefined
  readonly secured: boolean
  /** Only cases whose group and name hold it are run: others need no preparation. */
  readonly match: string
  readonly report: (message: string) => void
}

/** What a suite has made for its cases. */
export interface Prepared {
  readonly cases: readonly BenchCase[]
  close(): Promise<void>
}

export interface Suite {
  readonly title: string
  prepare(options: BenchOptions): Promise<Prepared>
}
