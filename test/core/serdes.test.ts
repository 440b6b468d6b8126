import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { GrowableBytes } from '../../core/bytes.ts'
import type { Serde } from '../../core/serde.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { integer } from '../../core/serdes/integer.ts'
import { json } from '../../core/serdes/json.ts'
import { string } from '../../core/serdes/string.ts'
import { timeWindowed } from '../../core/serdes/windowed.ts'

/** Encodes at an odd place of a small target and reads back: neither start nor room may be taken for granted. */
function through<T>(serde: Serde<T>, value: T): { text: string; value: T } {
  const target = new GrowableBytes(4)
  target.reserve(0, 3)
  target.buffer.fill(0x2a, 0, 3)
  const end = serde.encode(value, target, 3)
  expect(target.buffer.subarray(0, 3).toString()).toBe('***')
  return { text: target.buffer.toString('hex', 3, end), value: serde.decode(target.buffer, 3, end) }
}

describe('string', () => {
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
    expect(() => serde.validate?.({ sku: 'a', qty: 1.5 })).toThrow(/qty: /))
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
    expect(() => asynchronous.validate?.('a')).toThrow()
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
