import { expect, it } from 'vitest'
import { poissonTail } from '../../processors/retail/poisson-tail.ts'

// R: ppois(n, mean, lower.tail = FALSE)
it.each([
  [1, 2, 0.0803013970713942],
  [0.25, 0, 0.221199216928595],
  [30, 35, 0.157383474430332],
  [450, 440, 0.670587954261229],
  [0, 0, 0],
  [3, -1, 1]
])('of a mean of %d, more than %d: %d', (mean, n, probability) => {
  expect(poissonTail(mean, n)).toBeCloseTo(probability, 10)
})

it.each([
  [1000, 1000, 0.49159],
  [1000, 1100, 0.00087],
  [5000, 4900, 0.92065]
])('of a large mean of %d, more than %d is near %d', (mean, n, probability) => {
  expect(Math.abs(poissonTail(mean, n) - probability)).toBeLessThan(0.0001)
})
