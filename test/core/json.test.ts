import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { GrowableBytes } from '../../core/bytes.ts'
import { decodeUntrusted, type Serde } from '../../core/serde.ts'
import { json } from '../../core/serdes/json.ts'
import { cases, dice, Sale, sale } from './json-values.ts'

const serde = (): Serde<unknown> => json(Sale) as Serde<unknown>

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
