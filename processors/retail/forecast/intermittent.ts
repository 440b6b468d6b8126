import type { Forecaster } from './forecaster.ts'

/**
 * Croston's method (1972) for sales that come now and then: the sizes of sales and the intervals between them are smoothed apart. The first interval
 * counts from the series' beginning.
 */
export function croston(alpha: number): Forecaster {
  return {
    method: 'croston',
    parameters: `alpha=${alpha}`,
    start() {
      let state: { readonly size: number; readonly interval: number } | null = null
      let since = 0
      return {
        update(value) {
          since++
          if (value === 0) return
          state = {
            size: smoothed(alpha, value, state?.size),
            interval: smoothed(alpha, since, state?.interval)
          }
          since = 0
        },
        forecast: () => (state === null ? null : state.size / state.interval)
      }
    }
  }
}

/**
 * The method of Teunter, Syntetos and Babai (2011): the probability of a sale is smoothed in each period, so that the forecast of what is sold no
 * more sinks. It begins as one over the first interval.
 */
export function tsb(alpha: number, beta: number): Forecaster {
  return {
    method: 'tsb',
    parameters: `alpha=${alpha} beta=${beta}`,
    start() {
      let state: { readonly size: number; readonly probability: number } | null = null
      let since = 0
      return {
        update(value) {
          since++
          if (state === null) {
            if (value !== 0) state = { size: value, probability: 1 / since }
            return
          }
          const size = value === 0 ? state.size : smoothed(alpha, value, state.size)
          state = { size, probability: smoothed(beta, value === 0 ? 0 : 1, state.probability) }
        },
        forecast: () => (state === null ? null : state.size * state.probability)
      }
    }
  }
}

function smoothed(weight: number, value: number, before: number | undefined): number {
  return before === undefined ? value : weight * value + (1 - weight) * before
}
