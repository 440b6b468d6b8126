import { type Forecaster, type Method, methods } from './forecaster.ts'
import { croston, tsb } from './intermittent.ts'
import { type Trial, tryOut } from './rolling-origin.ts'
import { seasonalNaive } from './seasonal-naive.ts'
import { doubleSmoothing, holtWinters, simpleSmoothing } from './smoothing.ts'

/** Months of a year. */
const season = 12
/** Months that are forecast. */
export const horizon = 3
const mostOrigins = 12
/** A series of fewer months is not forecast. */
const fewestMonths = 4

const forecasters: readonly Forecaster[] = [
  seasonalNaive(season),
  ...[0.1, 0.2, 0.3, 0.5, 0.8].map((alpha) => simpleSmoothing(alpha)),
  ...grid([0.1, 0.3, 0.5, 0.8], [0.1, 0.3], [1, 0.9]).map(([a, b, phi]) => doubleSmoothing(a, b, phi)),
  ...grid([0.1, 0.3, 0.5], [0.05, 0.1], [0.1, 0.3]).map(([a, b, g]) => holtWinters(a, b, g, season)),
  ...[0.1, 0.2, 0.3].map((alpha) => croston(alpha)),
  ...grid([0.1, 0.3], [0.1, 0.3], [0]).map(([a, b]) => tsb(a, b))
]

export interface Choice {
  readonly best: Trial
  /** Each method with the parameters that did best. One that needs a longer series is missing. */
  readonly byMethod: ReadonlyMap<Method, Trial>
  /** How many points the methods were tried at. */
  readonly origins: number
}

/** Finds the method that forecast the later half of a series best, a year at most; undefined for a series that is too short. */
export function chooseMethod(series: readonly number[]): Choice | undefined {
  if (series.length < fewestMonths) return undefined
  const origins = Math.min(mostOrigins, Math.floor(series.length / 2))
  const byMethod = new Map<Method, Trial>()
  for (const forecaster of forecasters) {
    const trial = tryOut(series, forecaster, origins, horizon)
    if (trial === undefined) continue
    const known = byMethod.get(forecaster.method)
    if (known === undefined || error(trial) < error(known)) byMethod.set(forecaster.method, trial)
  }
  let best: Trial | undefined
  for (const method of methods) {
    const trial = byMethod.get(method)
    if (trial !== undefined && (best === undefined || error(trial) < error(best))) best = trial
  }
  return best && { best, byMethod, origins }
}

function error({ wape }: Trial): number {
  return wape ?? Number.POSITIVE_INFINITY
}

function grid(
  as: readonly number[],
  bs: readonly number[],
  cs: readonly number[]
): [number, number, number][] {
  return as.flatMap((a) => bs.flatMap((b) => cs.map((c): [number, number, number] => [a, b, c])))
}
