const DECIMALS = 4

/**
 * A decimal number as whole ten-thousandths: '12.3456' is 123456. Digit by digit, never through a binary fraction. Undefined for
 * what is no plain decimal number, has more than four decimals that count, or is beyond 2^53 ten-thousandths.
 */
export function parseAmount(text: string): number | undefined {
  const length = text.length
  const negative = text.charCodeAt(0) === 45
  let i = negative ? 1 : 0
  let digits = 0
  let value = 0
  for (; i < length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
    digits++
  }
  let decimals = 0
  if (i < length) {
    // a point must be followed by a digit
    if (text.charCodeAt(i) !== 46 || i + 1 === length) return undefined
    for (i++; i < length; i++) {
      const digit = text.charCodeAt(i) - 48
      if (digit < 0 || digit > 9) return undefined
      digits++
      if (decimals < DECIMALS) {
        value = value * 10 + digit
        decimals++
      } else if (digit !== 0) return undefined
    }
  }
  if (digits === 0) return undefined
  for (; decimals < DECIMALS; decimals++) value *= 10
  if (!Number.isSafeInteger(value)) return undefined
  // not -0
  return negative && value !== 0 ? -value : value
}
