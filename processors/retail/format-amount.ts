import { AMOUNT_SCALE } from './model.ts'

/** Ten-thousandths as decimal text, all four decimals: 12500 is `1.2500`. Exact. */
export function formatAmount(amount: number): string {
  const positive = Math.abs(amount)
  const whole = Math.floor(positive / AMOUNT_SCALE)
  const rest = String(positive - whole * AMOUNT_SCALE).padStart(4, '0')
  return `${amount < 0 ? '-' : ''}${whole}.${rest}`
}
