import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { decodeUntrusted } from '../../core/serde.ts'
import { json } from '../../core/serdes/json.ts'
import { anything, cases, dice, Sale, sale } from './json-values.ts'

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
