/** Beyond this mean the terms of the sum get too small for doubles, and the normal distribution is as good. */
const largestMean = 500

/**
 * The probability that a Poisson variable with that mean is greater than `n`. Up to a mean of 500 by its sum, beyond by the first terms of Edgeworth's
 * expansion with continuity correction: to four digits.
 */
export function poissonTail(mean: number, n: number): number {
  if (n < 0) return 1
  if (mean <= 0) return 0
  if (mean > largestMean) return largeMeanTail(mean, n)
  let term = Math.exp(-mean)
  let below = term
  for (let k = 1; k <= n && term > 0; k++) {
    term *= mean / k
    below += term
    // the rest of the terms changes nothing any more
    if (k > mean && term < 1e-18) break
  }
  return bounded(1 - below)
}

function largeMeanTail(mean: number, n: number): number {
  const deviation = Math.sqrt(mean)
  const z = (n + 0.5 - mean) / deviation
  const density = Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI)
  return bounded(1 - normalBelow(z) + ((z * z - 1) * density) / (6 * deviation))
}

function bounded(probability: number): number {
  return Math.min(1, Math.max(0, probability))
}

/** The standard normal distribution's function. Abramowitz and Stegun 7.1.26, error at most 1.5e-7. */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  const erf = 1 - series * Math.exp(-x * x)
  return z < 0 ? (1 - erf) / 2 : (1 + erf) / 2
}
