import type { Forecaster } from './forecaster.ts'

/** The value of one season before; the last value while no whole season was seen. What every other method must beat. */
export function seasonalNaive(season: number): Forecaster {
  return {
    method: 'seasonal-naive',
    parameters: '',
    start() {
      const last: number[] = []
      let seen = 0
      return {
        update(value) {
          last[seen % season] = value
          seen++
        },
        forecast(horizon) {
          if (seen === 0) return null
          const at = seen < season ? seen - 1 : (seen + horizon - 1) % season
          return last[at] as number
        }
      }
    }
  }
}
