import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { chooseMethod } from '../../../processors/retail/forecast/choose-method.ts'
import type { Forecaster } from '../../../processors/retail/forecast/forecaster.ts'
import { croston, tsb } from '../../../processors/retail/forecast/intermittent.ts'
import { interval, quantile } from '../../../processors/retail/forecast/interval.ts'
import { tryOut } from '../../../processors/retail/forecast/rolling-origin.ts'
import { seasonalNaive } from '../../../processors/retail/forecast/seasonal-naive.ts'
import {
  doubleSmoothing,
  holtWinters,
  simpleSmoothing
} from '../../../processors/retail/forecast/smoothing.ts'

/** R's AirPassengers: thousands of passengers a month, 1949 to 1960 (Box and Jenkins). */
const air = `
  112 118 132 129 121 135 148 148 136 119 104 118 115 126 141 135 125 149 170 170 158 133 114 140
  145 150 178 163 172 178 199 199 184 162 146 166 171 180 193 181 183 218 230 242 209 191 172 194
  196 196 236 235 229 243 264 272 237 211 180 201 204 188 235 227 234 264 302 293 259 229 203 229
  242 233 267 269 270 315 364 347 312 274 237 278 284 277 317 313 318 374 413 405 355 306 271 306
  315 301 356 348 355 422 465 467 404 347 305 336 340 318 362 348 363 435 491 505 404 359 310 337
  360 342 406 396 420 472 548 559 463 407 362 405 417 391 419 461 472 535 622 606 508 461 390 432`
  .trim()
  .split(/\s+/)
  .map(Number)
const demand = [0, 0, 5, 0, 3, 0, 0, 0, 8, 2, 0, 4, 0, 0, 6, 1, 0, 0, 0, 7]
const series: Record<string, readonly number[]> = { air, air3: air.slice(0, 36), demand }

function forecaster(method: string, parameters: string): Forecaster {
  const [a = 0, b = 0, c = 0] = parameters.split(' ').map((one) => Number(one.split('=')[1]))
  if (method === 'ses') return simpleSmoothing(a)
  if (method === 'holt') return doubleSmoothing(a, b, c)
  if (method === 'holt-winters') return holtWinters(a, b, c, 12)
  return croston(a)
}

function forecasts(method: Forecaster, values: readonly number[], steps: number): (number | null)[] {
  const smoother = method.start()
  for (const value of values) smoother.update(value)
  return Array.from({ length: steps }, (_, step) => smoother.forecast(step + 1))
}

const reference = ['reference-r.csv', 'reference-statsmodels.csv'].flatMap((file) =>
  readFileSync(new URL(file, import.meta.url), 'utf8')
    .trim()
    .split('\n')
)

it.each(reference)('equals the reference to 1e-6: %s', (line) => {
  const [name = '', method = '', parameters = '', ...values] = line.split(',')
  const found = forecasts(forecaster(method, parameters), series[name] ?? [], values.length)
  for (const [step, value] of values.entries()) expect(found[step]).toBeCloseTo(Number(value), 7)
})

it('TSB as its authors write it: the probability sinks while nothing is sold', () => {
  // by hand: 2 at the second period (probability 1/2), nothing, 6
  const found = tsb(0.5, 0.25).start()
  const seen = [0, 2, 0, 6].map((value) => {
    found.update(value)
    return found.forecast(1)
  })
  expect(seen).toEqual([null, 2 * 0.5, 2 * 0.375, 4 * (0.25 + 0.75 * 0.375)])
})

it('the season before; the last value while none was seen', () => {
  expect(forecasts(seasonalNaive(4), [1, 2, 3, 4, 5, 6], 5)).toEqual([3, 4, 5, 6, 3])
  expect(forecasts(seasonalNaive(4), [1, 2, 3], 2)).toEqual([3, 3])
})

it('an origin sees nothing of what comes after it', () => {
  const values = [5, 7, 6, 9, 4, 8]
  const trial = tryOut(values, simpleSmoothing(0.5), 3, 2)
  const known = (count: number) => forecasts(simpleSmoothing(0.5), values.slice(0, count), 1)[0] as number
  const errors = [
    [9 - known(3), 4 - known(4), 8 - known(5)],
    [4 - known(3), 8 - known(4)]
  ]
  expect(trial?.errors).toEqual(errors)
  const absolute = errors.flat().reduce((sum, error) => sum + Math.abs(error), 0)
  expect(trial?.wape).toBeCloseTo(absolute / (9 + 4 + 8 + 4 + 8), 12)
  expect(trial?.bias).toBeCloseTo(-errors.flat().reduce((sum, error) => sum + error, 0) / 33, 12)
})

it('the method that did best is chosen: a trend for a line, the season where there is one', () => {
  const line = Array.from({ length: 20 }, (_, n) => 100 + 10 * n)
  expect(chooseMethod(line)?.best.forecaster.method).toBe('holt')
  const seasons = Array.from(
    { length: 36 },
    (_, n) => [5, 90, 20, 40, 70, 10, 30, 80, 60, 15, 95, 25][n % 12] as number
  )
  expect(chooseMethod(seasons)?.best.forecaster.method).toBe('seasonal-naive')
  expect(chooseMethod([1, 2, 3])).toBeUndefined()
})

it('intervals are quantiles of the errors, and not below zero', () => {
  // R: quantile(c(1, 2, 4, 8), c(0.1, 0.9)) is 1.3 and 6.8
  expect([quantile([1, 2, 4, 8], 0.1), quantile([1, 2, 4, 8], 0.9)]).toEqual([1.3, expect.closeTo(6.8, 12)])
  const errors = [[-4, -2, 1, 3, 5, -1, 0, 2, 4, -3, 6]]
  expect(interval(10, 1, errors)).toEqual({ low: 7, high: 15 })
  expect(interval(1, 1, errors).low).toBe(0)
})
