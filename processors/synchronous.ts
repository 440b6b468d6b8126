import { StreamsError } from '../core/errors.ts'

/**
 * Guards a user's function: the record path does not wait, so a promise as a result is a mistake, told at its first use.
 * Throws ASYNC_FUNCTION naming the step.
 */
export function synchronous<A, B, C, R>(
  step: string,
  call: (a: A, b: B, c: C) => R
): (a: A, b: B, c: C) => R {
  let checked = false
  return (a, b, c) => {
    const result = call(a, b, c)
    if (!checked) {
      checked = true
      if (result instanceof Promise) {
        result.catch(() => undefined)
        throw new StreamsError(
          'ASYNC_FUNCTION',
          `the function given to ${step} returned a promise; it must be synchronous`
        )
      }
    }
    return result
  }
}
