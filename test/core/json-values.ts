import { z } from 'zod'

export const Sale = z.object({
  store: z.string(),
  qty: z.int(),
  price: z.number(),
  paid: z.boolean(),
  lines: z.array(z.object({ sku: z.string() })),
  note: z.string().nullable()
})

export const cases = 5_000

/** Draws numbers below `n`, the same in each run. */
export function dice(seed: number): (n: number) => number {
  let x = seed
  return (n) => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % n
  }
}

type Roll = ReturnType<typeof dice>

const pieces = [
  'a',
  'Z',
  '0',
  ' ',
  '"',
  '\\',
  '/',
  '\n',
  '\u0000',
  '\u007f',
  'é',
  '漢',
  '😀',
  '\ud800',
  '\udc00',
  '}'
]

function text(roll: Roll): string {
  const length = roll(4) === 0 ? roll(200) : roll(14)
  const anything = roll(3) === 0
  return Array.from({ length }, () => pieces[anything ? roll(pieces.length) : roll(3)]).join('')
}

function number(roll: Roll): number {
  switch (roll(9)) {
    case 0:
      return roll(200) - 100
    case 1:
      return (roll(2_000_000) - 1_000_000) / 100
    case 2:
      return roll(4294967295) * (roll(2) === 0 ? 4_000 : -2_097_152)
    case 3:
      return (roll(1000) + 1) / (roll(1000) + 1)
    case 4:
      return (roll(100) - 50) * 10 ** (roll(60) - 30)
    case 5:
      return [0, -0, 1e15, 1e21, 1e-7, 5e-324, 2 ** 31, -(2 ** 31), 2 ** 53, 999999999999999, 0.1 + 0.2][
        roll(11)
      ]!
    case 6:
      return [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][roll(3)]!
    default:
      return roll(100_000)
  }
}

export function anything(roll: Roll, depth = 0): unknown {
  switch (roll(depth > 2 ? 5 : 9)) {
    case 0:
      return text(roll)
    case 1:
      return number(roll)
    case 2:
      return roll(2) === 0
    case 3:
      return null
    case 4:
      return roll(3) === 0 ? undefined : text(roll)
    case 5:
      return Array.from({ length: roll(4) }, () => anything(roll, depth + 1))
    case 6:
      return new Date(roll(2_000_000_000))
    case 7:
      return { toJSON: (key: string) => `of ${key}` }
    default:
      return Object.fromEntries(
        Array.from({ length: roll(4) }, () => [text(roll), anything(roll, depth + 1)])
      )
  }
}

/** Mostly as declared; else with other values, fields, and orders. */
export function sale(roll: Roll): unknown {
  const fields: [string, unknown][] = [
    ['store', text(roll)],
    ['qty', roll(20) - 10],
    ['price', number(roll)],
    ['paid', roll(2) === 0],
    ['lines', Array.from({ length: roll(3) }, () => ({ sku: text(roll) }))],
    ['note', roll(2) === 0 ? null : text(roll)]
  ]
  switch (roll(12)) {
    case 0:
      fields[roll(6)]![1] = anything(roll)
      break
    case 1:
      fields.splice(roll(6), 1)
      break
    case 2:
      fields.splice(roll(6), 0, [['more', '__proto__', '7', 'toJSON', ''][roll(5)]!, anything(roll)])
      break
    case 3:
      fields.reverse()
      break
    case 4:
      return anything(roll)
  }
  return Object.fromEntries(fields)
}
