import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { GrowableBytes } from '../../core/bytes.ts'
import { decodeUntrusted, type Serde } from '../../core/serde.ts'
import { json } from '../../core/serdes/json.ts'

const Sale = z.object({
  store: z.string(),
  qty: z.int(),
  price: z.number(),
  paid: z.boolean(),
  lines: z.array(z.object({ sku: z.string() })),
  note: z.string().nullable()
})
const serde = (): Serde<unknown> => json(Sale) as Serde<unknown>

const cases = 5_000

/** Draws numbers below `n`, the same in each run. */
function dice(seed: number): (n: number) => number {
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

function anything(roll: Roll, depth = 0): unknown {
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
function sale(roll: Roll): unknown {
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

function encoded(into: Serde<unknown>, value: unknown): string | Error {
  const target = new GrowableBytes(1)
  try {
    target.reserve(0, 3)
    const end = into.encode(value, target, 3)
    return target.buffer.utf8Slice(3, end)
  } catch (error) {
    return error as Error
  }
}

function decoded(from: Serde<unknown>, bytes: Buffer): unknown {
  // what stands around a value in a batch must not be read
  const around = Buffer.concat([Buffer.from('}"'), bytes, Buffer.from('"}],1e')])
  return from.decode(around, 2, 2 + bytes.length)
}

test('values are written as JSON.stringify writes them', () => {
  const roll = dice(1)
  const into = serde()
  for (let i = 0; i < cases; i++) {
    const value = sale(roll)
    const expected = JSON.stringify(value) as string | undefined
    if (expected === undefined) expect(encoded(into, value)).toHaveProperty('code', 'SERIALIZATION')
    else if (encoded(into, value) !== Buffer.from(expected).toString())
      expect(encoded(into, value)).toBe(Buffer.from(expected).toString())
  }
})

test('texts are read as JSON.parse reads them, whatever was done to them', () => {
  const roll = dice(2)
  const from = serde()
  const same = (bytes: Buffer): void => {
    let expected: unknown
    try {
      expected = JSON.parse(bytes.toString())
    } catch {
      expect(() => decoded(from, bytes)).toThrow('not JSON')
      return
    }
    const found = decoded(from, bytes)
    // the one tells the order of fields, the other -0
    if (JSON.stringify(found) !== JSON.stringify(expected) || !isDeepStrictEqual(found, expected))
      expect(found, bytes.toString()).toBe(expected)
  }
  for (let i = 0; i < cases; i++) {
    const written = JSON.stringify(sale(roll), undefined, roll(20) === 0 ? 1 : 0) as string | undefined
    if (written === undefined) continue
    const bytes = Buffer.from(written)
    const at = roll(bytes.length)
    if (roll(3) > 0) same(bytes)
    else if (roll(4) === 0) same(bytes.subarray(0, at))
    else {
      bytes[at] =
        roll(3) === 0 ? roll(256) : ['"', '\\', ',', '}', '0', '-', '.', 'e', ' '][roll(9)]!.charCodeAt(0)
      same(bytes)
    }
  }
})

test('numbers are read to the last bit', () => {
  const from = json(z.object({ n: z.number() }))
  const roll = dice(3)
  for (const written of [
    '-0',
    '0',
    '-0.0',
    '0.30000000000000004',
    '1E5',
    '1e400',
    '00',
    '01',
    '-',
    '1.',
    '.5',
    '+1',
    '0x1',
    '123456789012345678'
  ])
    check(written)
  for (let i = 0; i < cases; i++) {
    const digits = Array.from({ length: 1 + roll(19) }, () => String(roll(10))).join('')
    const point = roll(digits.length + 1)
    check(`${roll(2) === 0 ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`)
    check(digits)
  }
  function check(written: string): void {
    const bytes = Buffer.from(`{"n":${written}}`)
    let expected: { n: number } | undefined
    try {
      expected = JSON.parse(bytes.toString()) as { n: number }
    } catch {
      expect(() => from.decode(bytes, 0, bytes.length)).toThrow('not JSON')
      return
    }
    const { n } = from.decode(bytes, 0, bytes.length)
    if (!Object.is(n, expected.n)) expect(n).toBe(expected.n)
  }
})

test('another order of fields, and unknown ones, are learned', () => {
  const from = serde()
  const bytes = Buffer.from('{"paid":true,"é":"x","store":"S1","qty":7}')
  for (let i = 0; i < 20; i++)
    expect(Object.entries(from.decode(bytes, 0, bytes.length) as object)).toEqual([
      ['paid', true],
      ['é', 'x'],
      ['store', 'S1'],
      ['qty', 7]
    ])
})

test('a schema that asks for more than kinds is asked each time', () => {
  const read = <T>(schema: Serde<T>, written: string): T => {
    const bytes = Buffer.from(written)
    return decodeUntrusted(schema, bytes, 0, bytes.length)
  }
  const refused: readonly [Serde<unknown>, string][] = [
    [json(z.object({ a: z.string().min(2) })), '{"a":"x"}'],
    [json(z.object({ a: z.string().refine((a) => a !== 'x') })), '{"a":"x"}'],
    [json(z.object({ a: z.email() })), '{"a":"x"}'],
    [json(z.object({ a: z.int32() })), '{"a":3000000000}'],
    [json(z.object({ a: z.number().positive() })), '{"a":-1}'],
    [json(z.object({ a: z.string() }).refine(({ a }) => a !== 'x')), '{"a":"x"}'],
    [json(z.object({ a: z.enum(['y']) })), '{"a":"x"}'],
    [json(z.object({ a: z.int() })), '{"a":1.5}'],
    [json(z.object({ a: z.string() })), '{"a":null}'],
    [json(z.object({ a: z.string() })), '{}'],
    [json(z.object({ a: z.object({ b: z.string() }) })), '{"a":{"b":1}}'],
    [json(z.strictObject({ a: z.string() })), '{"a":"x","b":1}']
  ]
  for (const [schema, written] of refused) expect(() => read(schema, written), written).toThrow()
  expect(read(json(z.object({ a: z.string().trim() })), '{"a":" x "}')).toEqual({ a: 'x' })
  expect(read(json(z.object({ a: z.int().default(3) })), '{}')).toEqual({ a: 3 })
  // unknown fields are the schema's to take away, also where their order was learned
  const plain = json(z.object({ a: z.string(), b: z.int() }))
  for (let i = 0; i < 20; i++)
    expect(JSON.stringify(read(plain, '{"b":1,"c":true,"a":"x"}'))).toBe('{"a":"x","b":1}')
})

test('what comes from outside is read as the schema would take it from JSON.parse, fields left out or not', () => {
  const Kinds = z.object({ qty: z.int(), store: z.string(), price: z.number(), paid: z.boolean() })
  const orders = [
    ['store', 'qty', 'price', 'paid', 'note'],
    ['more', 'paid', 'store', 'lines', 'qty', 'é', 'price'],
    ['qty', 'store', 'price', 'paid'],
    ['more', 'note']
  ]
  for (const [schema, seed] of [
    [Sale, 4],
    [Kinds, 5],
    [Kinds.refine(({ qty }) => qty !== 7), 6]
  ] as const) {
    const roll = dice(seed)
    const from = json(schema as z.ZodType)
    for (let i = 0; i < cases; i++) {
      const fields = sale(roll)
      const order = orders[i % 400 < 390 ? Math.floor(i / 400) % 4 : roll(4)]!
      const bytes = Buffer.from(
        JSON.stringify(
          Object.fromEntries(
            order.map((name) => [
              name,
              name in Object(fields) && roll(30) > 0 ? Object(fields)[name] : (anything(roll) ?? null)
            ])
          )
        )
      )
      if (roll(4) === 0)
        bytes[roll(bytes.length)] = ['"', '\\', ',', '}', '0', '-', '.', 'e', ' '][roll(9)]!.charCodeAt(0)
      let parsed: unknown
      try {
        parsed = JSON.parse(bytes.toString())
      } catch {
        expect(() => decodeUntrusted(from, bytes, 0, bytes.length), bytes.toString()).toThrow('not JSON')
        continue
      }
      const expected = schema.safeParse(parsed)
      if (!expected.success) {
        expect(() => decodeUntrusted(from, bytes, 0, bytes.length), bytes.toString()).toThrow(
          expect.objectContaining({ code: 'DESERIALIZATION' })
        )
        continue
      }
      const found = decodeUntrusted(from, bytes, 0, bytes.length)
      if (JSON.stringify(found) !== JSON.stringify(expected.data) || !isDeepStrictEqual(found, expected.data))
        expect(found, bytes.toString()).toBe(expected.data)
    }
  }
})

test('a schema is not asked about an order that was learned, and unknown fields are no values', () => {
  const Kinds = z.object({ qty: z.int(), store: z.string() })
  let asked = 0
  const standard = Kinds['~standard']
  const counted = Object.create(Kinds, {
    '~standard': {
      value: {
        ...standard,
        validate(value: unknown) {
          asked++
          return standard.validate(value)
        }
      }
    }
  }) as typeof Kinds
  const from = json(counted)
  const bytes = Buffer.from('{"till":[7,{"no":3}],"store":"a","note":"é","qty":1,"paid":true,"price":1e3}')
  for (let i = 0; i < 100; i++)
    expect(JSON.stringify(decodeUntrusted(from, bytes, 0, bytes.length))).toBe('{"qty":1,"store":"a"}')
  expect(asked).toBeLessThan(20)
  // own bytes are read as they are, every time
  for (let i = 0; i < 100; i++)
    expect(JSON.stringify(from.decode(bytes, 0, bytes.length))).toBe(
      JSON.stringify(JSON.parse(bytes.toString()))
    )
})

test('bytes that are lent are written for that very object only, and only if they are JSON', () => {
  const [from, into] = [serde(), serde()]
  const value = { note: 'as it was' }
  const copy = { note: 'as it was' }
  const bytes = Buffer.from('##{"note":"lent"}')
  expect(encoded(from, value)).toBe('{"note":"as it was"}')
  from.lend!(value, bytes, 2, bytes.length)
  expect(encoded(into, value)).toBe('{"note":"lent"}')
  expect(encoded(into, copy)).toBe('{"note":"as it was"}')
  from.lend!(7, bytes, 2, bytes.length)
  expect(encoded(into, 7)).toBe('7')
  // written by another: it may be anything
  from.lend!({ note: 'unknown' }, bytes, 2, bytes.length)
  expect(encoded(into, value)).toBe('{"note":"as it was"}')
})
