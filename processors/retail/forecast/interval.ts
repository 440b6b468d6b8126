/** Four of five values fall between. */
const lower = 0.1
const upper = 0.9
/** Fewer errors of a horizon tell little; those of all horizons are taken then. */
const enoughErrors = 10

export interface Interval {
  readonly low: number
  readonly high: number
}

/** Where the value is to be expected, from the errors of former forecasts (`errors[0]`: of one step). 80 %, not below zero. */
export function interval(
  forecast: number,
  horizon: number,
  errors: readonly (readonly number[])[]
): Interval {
  const own = errors[horizon - 1] ?? []
  const sorted = [...(own.length < enoughErrors ? errors.flat() : own)].sort((a, b) => a - b)
  return {
    low: Math.max(0, forecast + Math.min(0, quantile(sorted, lower))),
    high: forecast + Math.max(0, quantile(sorted, upper))
  }
}

/** Linear between the two nearest, as R's type 7; 0 of nothing. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)]
  const above = sorted[Math.ceil(at)]
  return below === undefined || above === undefined ? 0 : below + (above - below) * (at - Math.floor(at))
}
