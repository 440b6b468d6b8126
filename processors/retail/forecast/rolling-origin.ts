import type { Forecaster, Smoother } from './forecaster.ts'

/** How good a method was at the origins that were tried. Shares of what was sold. */
export interface Accuracy {
  /** Sum of the absolute errors over the sum of the values; null where nothing was sold. */
  readonly wape: number | null
  /** Sum of forecast less value over the same sum: positive where too much was forecast. */
  readonly bias: number | null
}

/** A method tried on a series. */
export interface Trial extends Accuracy {
  readonly forecaster: Forecaster
  /** As it is after the last value. */
  readonly smoother: Smoother
  /** Value less forecast, by horizon: `errors[0]` are those of one step. */
  readonly errors: readonly (readonly number[])[]
  /** The forecasts of one step by the position of the value they were for. */
  readonly oneStep: ReadonlyMap<number, number>
}

/** What was sold is not less than nothing. */
export function atLeastZero(forecast: number): number {
  return Math.max(0, forecast)
}

/**
 * Runs a method through a series and forecasts at each of its last `origins` points, one to `horizon` steps ahead, what is known by now; only values
 * before the origin are seen (Tashman 2000). Undefined where the method could not forecast at one of them.
 */
export function tryOut(
  series: readonly number[],
  forecaster: Forecaster,
  origins: number,
  horizon: number
): Trial | undefined {
  const smoother = forecaster.start()
  const errors: number[][] = Array.from({ length: horizon }, () => [])
  const oneStep = new Map<number, number>()
  let absolute = 0
  let signed = 0
  let sold = 0
  for (const [at, value] of series.entries()) {
    if (at >= series.length - origins)
      for (let step = 1; step <= horizon && at + step <= series.length; step++) {
        const forecast = smoother.forecast(step)
        if (forecast === null) return undefined
        const [bounded, actual] = [atLeastZero(forecast), series[at + step - 1] as number]
        if (step === 1) oneStep.set(at, bounded)
        errors[step - 1]?.push(actual - bounded)
        absolute += Math.abs(actual - bounded)
        signed += bounded - actual
        sold += Math.abs(actual)
      }
    smoother.update(value)
  }
  const shares = sold === 0 ? { wape: null, bias: null } : { wape: absolute / sold, bias: signed / sold }
  return { forecaster, smoother, errors, oneStep, ...shares }
}
