import { expect, test } from 'vitest'
import { deepFreeze } from '../../state/freeze.ts'

test('freezes what a frozen object holds, cycles included', () => {
  const value = Object.freeze({ inner: { list: [{ n: 1 }] } }) as {
    inner: { list: { n: number }[]; up?: unknown }
  }
  value.inner.up = value
  expect(deepFreeze(value)).toBe(value)
  expect(Object.isFrozen(value.inner.list[0])).toBe(true)
  expect(() => value.inner.list.push({ n: 2 })).toThrow(TypeError)
})

test('passes over what cannot be frozen', () => {
  const value = { bytes: Buffer.from('abc'), text: 'x', nothing: null, when: new Date(0) }
  deepFreeze(value)
  value.bytes[0] = 0
  expect(value.bytes[0]).toBe(0)
  expect(deepFreeze(null)).toBeNull()
  expect(deepFreeze('text')).toBe('text')
})
