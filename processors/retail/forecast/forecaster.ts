/** The methods, the simplest first: of equally good ones the simplest is taken. */
export const methods = ['seasonal-naive', 'ses', 'holt', 'holt-winters', 'croston', 'tsb'] as const
export type Method = (typeof methods)[number]

/** A method with its parameters. */
export interface Forecaster {
  readonly method: Method
  /** As text, e.g. `alpha=0.3`; empty where there are none. */
  readonly parameters: string
  start(): Smoother
}

/** A method at its work. It has seen so many values of a series, and takes each further one in constant time. */
export interface Smoother {
  update(value: number): void
  /** The value `horizon` (1 or more) steps after the last one seen; null while too few were. */
  forecast(horizon: number): number | null
}
