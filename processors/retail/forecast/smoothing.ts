import type { Forecaster } from './forecaster.ts'

/** Simple exponential smoothing: a level that begins with the first value. */
export function simpleSmoothing(alpha: number): Forecaster {
  return {
    method: 'ses',
    parameters: `alpha=${alpha}`,
    start() {
      let level: number | null = null
      return {
        update(value) {
          level = level === null ? value : alpha * value + (1 - alpha) * level
        },
        forecast: () => level
      }
    }
  }
}

/**
 * Holt's double exponential smoothing: a level and a trend, which begin with the second value and its difference from the first. With `phi` below 1
 * the trend fades (Gardner and McKenzie 1985).
 */
export function doubleSmoothing(alpha: number, beta: number, phi = 1): Forecaster {
  return {
    method: 'holt',
    parameters: `alpha=${alpha} beta=${beta} phi=${phi}`,
    start() {
      let first: number | null = null
      let state: { readonly level: number; readonly trend: number } | null = null
      return {
        update(value) {
          if (state !== null) {
            const level = alpha * value + (1 - alpha) * (state.level + phi * state.trend)
            state = { level, trend: beta * (level - state.level) + (1 - beta) * phi * state.trend }
          } else if (first === null) first = value
          else state = { level: value, trend: value - first }
        },
        forecast(horizon) {
          if (state === null) return null
          const steps = phi === 1 ? horizon : (phi * (1 - phi ** horizon)) / (1 - phi)
          return state.level + steps * state.trend
        }
      }
    }
  }
}

/**
 * Holt-Winters with an additive season. Two seasons are needed to begin: the level is the mean of the first, the trend the step between their
 * means, the season what the first one's values differ from the level. From the second season on values are smoothed.
 */
export function holtWinters(alpha: number, beta: number, gamma: number, season: number): Forecaster {
  return {
    method: 'holt-winters',
    parameters: `alpha=${alpha} beta=${beta} gamma=${gamma}`,
    start() {
      const begin: number[] = []
      const factors: number[] = []
      let level = 0
      let trend = 0
      let seen = 0
      const smooth = (value: number): void => {
        const at = seen % season
        const factor = factors[at] as number
        const former = level
        level = alpha * (value - factor) + (1 - alpha) * (level + trend)
        trend = beta * (level - former) + (1 - beta) * trend
        factors[at] = gamma * (value - level) + (1 - gamma) * factor
        seen++
      }
      return {
        update(value) {
          if (seen > 0) return smooth(value)
          begin.push(value)
          if (begin.length < 2 * season) return
          const start = beginning(begin.splice(0), season)
          level = start.level
          trend = start.trend
          factors.push(...start.factors)
          seen = season
          for (const one of start.second) smooth(one)
        },
        forecast(horizon) {
          if (seen === 0) return null
          return level + horizon * trend + (factors[(seen + horizon - 1) % season] as number)
        }
      }
    }
  }
}

/** What Holt-Winters begins with, from two seasons. */
function beginning(values: readonly number[], season: number) {
  const [first, second] = [values.slice(0, season), values.slice(season)]
  const level = mean(first)
  return {
    level,
    trend: (mean(second) - level) / season,
    factors: first.map((value) => value - level),
    second
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
