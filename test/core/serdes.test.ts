import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { GrowableBytes } from '../../core/bytes.ts'
import { decodeUntrusted, type Serde } from '../../core/serde.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { float64 } from '../../core/serdes/float64.ts'
import { int16 } from '../../core/serdes/int16.ts'
import { int32 } from '../../core/serdes/int32.ts'
import { int64 } from '../../core/serdes/int64.ts'
import { integer } from '../../core/serdes/integer.ts'
import { json } from '../../core/serdes/json.ts'
import { string } from '../../core/serdes/string.ts'
import { uuid } from '../../core/serdes/uuid.ts'
import { timeWindowed } from '../../core/serdes/windowed.ts'
import { Random } from '../state/random.ts'

/** Encodes at an odd place of a small target and reads back: neither start nor room may be taken for granted. */
function through<T>(serde: Serde<T>, value: T): { text: string; value: T } {
  const target = new GrowableBytes(4)
  target.reserve(0, 3)
  target.buffer.fill(0x2a, 0, 3)
  const end = serde.encode(value, target, 3)
  expect(target.buffer.subarray(0, 3).toString()).toBe('***')
  return { text: target.buffer.toString('hex', 3, end), value: serde.decode(target.buffer, 3, end) }
}

function outside<T>(serde: Serde<T>, text: string): T {
  const read = Buffer.from(text)
  return decodeUntrusted(serde, read, 0, read.length)
}

describe('string', () => {
  it('short texts are what was written, however many were read before', () => {
    const decoded = (text: string): string => {
      const bytes = Buffer.from(`##${text}##`)
      return string().decode(bytes, 2, bytes.length - 2)
    }
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 10_000; i++) {
        const text = `${i % 3 === 0 ? 'é' : ''}${i.toString(2 + (i % 30))}`
        if (decoded(text) !== text) expect(decoded(text)).toBe(text)
      }
    expect(decoded('')).toBe('')
  })

  it.each(['', 'a', 'Käse', '日本', '𝄞', 'x'.repeat(49), 'ä'.repeat(60), 'x'.repeat(10_000)])(
    '%s',
    (text) => {
      const result = through(string(), text)
      expect(result.value).toBe(text)
      expect(result.text).toBe(Buffer.from(text, 'utf8').toString('hex'))
    }
  )
})

describe('integer', () => {
  it.each([0, 1, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, -(2 ** 53) + 1])('%d', (number) => {
    const result = through(integer(), number)
    expect(result.value).toBe(number)
    const expected = Buffer.alloc(8)
    expected.writeBigInt64BE(BigInt(number))
    expect(result.text).toBe(expected.toString('hex'))
  })
  it('refuses what it would falsify', () => {
    expect(() => through(integer(), 2 ** 53)).toThrow(expect.objectContaining({ code: 'SERIALIZATION' }))
    expect(() => through(integer(), 1.5)).toThrow(expect.objectContaining({ code: 'SERIALIZATION' }))
    const large = Buffer.alloc(8)
    large.writeBigInt64BE(2n ** 53n)
    expect(() => integer().decode(large, 0, 8)).toThrow(expect.objectContaining({ code: 'DESERIALIZATION' }))
    expect(() => integer().decode(large, 0, 7)).toThrow(expect.objectContaining({ code: 'DESERIALIZATION' }))
  })
})

describe("numbers and identifiers in Kafka's forms", () => {
  it.each<[string, Serde<unknown>, unknown, string]>([
    ['int16', int16() as Serde<unknown>, -2, 'fffe'],
    ['int16', int16() as Serde<unknown>, 0x7fff, '7fff'],
    ['int32', int32() as Serde<unknown>, -2, 'fffffffe'],
    ['int32', int32() as Serde<unknown>, 0x12345678, '12345678'],
    ['int64', int64() as Serde<unknown>, 2n ** 63n - 1n, '7fffffffffffffff'],
    ['int64', int64() as Serde<unknown>, -(2n ** 63n), '8000000000000000'],
    ['float64', float64() as Serde<unknown>, 1.5, '3ff8000000000000'],
    ['float64', float64() as Serde<unknown>, -0, '8000000000000000'],
    ['float64', float64() as Serde<unknown>, Number.NEGATIVE_INFINITY, 'fff0000000000000'],
    ['float64', float64() as Serde<unknown>, Number.NaN, '7ff8000000000000'],
    [
      'uuid',
      uuid() as Serde<unknown>,
      '00112233-4455-6677-8899-aabbccddeeff',
      Buffer.from('00112233-4455-6677-8899-aabbccddeeff').toString('hex')
    ]
  ])('%s', (name, serde, value, text) => {
    const result = through(serde, value)
    expect(serde.name).toBe(name)
    expect(result.text).toBe(text)
    expect(result.value).toBe(value)
  })

  it.each<[string, Serde<unknown>, unknown[], number[]]>([
    ['int16', int16() as Serde<unknown>, [0x8000, -0x8001, 0.5, '1'], [0, 1, 3]],
    ['int32', int32() as Serde<unknown>, [2 ** 31, -(2 ** 31) - 1, Number.NaN, '1'], [0, 3, 5]],
    ['int64', int64() as Serde<unknown>, [2n ** 63n, -(2n ** 63n) - 1n, 1], [0, 7, 9]],
    ['float64', float64() as Serde<unknown>, ['1', null], [0, 7, 9]],
    ['uuid', uuid() as Serde<unknown>, ['', '00112233-4455-6677-8899-aabbccddeefg', 1], [0, 16, 35, 36]]
  ])('%s refuses what has no such form', (_name, serde, values, lengths) => {
    for (const value of values)
      expect(() => through(serde, value)).toThrow(expect.objectContaining({ code: 'SERIALIZATION' }))
    for (const length of lengths)
      expect(() => serde.decode(Buffer.alloc(40), 2, 2 + length)).toThrow(
        expect.objectContaining({ code: 'DESERIALIZATION' })
      )
  })

  it('a UUID has one form, whatever its letters', () => {
    const upper = '0A1B2C3D-0000-4000-8000-ABCDEF012345'
    expect(through(uuid(), upper).value).toBe(upper.toLowerCase())
    const read = Buffer.from(upper)
    expect(uuid().decode(read, 0, read.length)).toBe(upper.toLowerCase())
  })

  it.each([1, 2, 3, 4])('read back what they wrote (seed %d)', (seed) => {
    const random = new Random(seed)
    for (let round = 0; round < 500; round++) {
      const eight = Buffer.from(Array.from({ length: 8 }, () => random.below(256)))
      const long = eight.readBigInt64BE()
      expect(through(int64(), long)).toEqual({ text: eight.toString('hex'), value: long })
      const small = Number(BigInt.asIntN(54, long))
      if (Number.isSafeInteger(small)) {
        // the same bytes as numbers
        expect(through(integer(), small).text).toBe(through(int64(), BigInt(small)).text)
        expect(through(integer(), small).value).toBe(small)
      }
      const double = eight.readDoubleBE()
      if (!Number.isNaN(double))
        expect(through(float64(), double)).toEqual({ text: eight.toString('hex'), value: double })
      const int = eight.readInt32BE()
      expect(through(int32(), int)).toEqual({ text: eight.toString('hex', 0, 4), value: int })
      const short = eight.readInt16BE()
      expect(through(int16(), short)).toEqual({ text: eight.toString('hex', 0, 2), value: short })
      const id = Buffer.concat([eight, eight.toReversed()] as Uint8Array[])
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
      expect(through(uuid(), id)).toEqual({ text: Buffer.from(id).toString('hex'), value: id })
    }
  })
})

describe('bytes', () => {
  it('does not alias what it read', () => {
    const source = Buffer.from([1, 2, 3])
    const read = bytes().decode(source, 1, 3)
    source.fill(0)
    expect([...read]).toEqual([2, 3])
    expect([...through(bytes(), Buffer.alloc(100, 7)).value]).toEqual(Array(100).fill(7))
  })
})

describe('json', () => {
  const serde = json(z.object({ sku: z.string(), qty: z.int() }))
  it('writes and reads', () =>
    expect(through(serde, { sku: 'ä"\n', qty: -1 }).value).toEqual({ sku: 'ä"\n', qty: -1 }))
  it('validates with the path of what is wrong', () =>
    expect(() => outside(serde, '{"sku":"a","qty":1.5}')).toThrow(/qty: /))
  it('refuses what is not JSON', () =>
    expect(() => serde.decode(Buffer.from('{'), 0, 1)).toThrow(
      expect.objectContaining({ code: 'DESERIALIZATION' })
    ))
  it('refuses what has no JSON form', () =>
    expect(() => through(json(z.any()), undefined)).toThrow(
      expect.objectContaining({ code: 'SERIALIZATION' })
    ))
  it('refuses an asynchronous schema', () => {
    const asynchronous = json(z.string().refine(async () => true))
    expect(() => outside(asynchronous, '"a"')).toThrow()
  })
})

describe('windowed keys', () => {
  it("are Kafka's key bytes and window start", () => {
    const result = through(timeWindowed(string(), 100), {
      key: 'a',
      start: 1_700_000_000_000,
      end: 1_700_000_000_100
    })
    expect(result.text).toBe('610000018bcfe56800')
    expect(result.value).toEqual({ key: 'a', start: 1_700_000_000_000, end: 1_700_000_000_100 })
  })
})
