import { expect, it } from 'vitest'
import { StreamsError } from '../../index.ts'
import { codeOfEnd, isExcused } from './ledger-ends.ts'

const outage = { from: 10_000, to: 15_000 }

it.each([
  ['SINK_UNAVAILABLE', 12_000, true],
  ['OBJECT_STORE_UNAVAILABLE', 40_000, true],
  ['ECONNREFUSED', 10_000, true],
  ['57P03', 15_500, true],
  ['ECONNREFUSED', 9_000, false],
  ['ECONNREFUSED', 46_000, false],
  ['STORE_CORRUPT', 12_000, false],
  ['GROUP_FENCED', 12_000, false],
  ['TypeError', 12_000, false],
  ['SIGSEGV', 12_000, false],
  ['exit 1', 12_000, false]
])('%s at %d ms', (code, at, excused) => {
  expect(isExcused({ at, code, words: '' }, [outage])).toBe(excused)
  expect(isExcused({ at, code, words: '' }, [])).toBe(false)
})

it.each([
  [new StreamsError('STORE_CORRUPT', 'a block', new Error('io')), 'STORE_CORRUPT'],
  [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [
    new TypeError('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNRESET' }) }),
    'ECONNRESET'
  ],
  [new Error('Connection terminated unexpectedly'), 'ECONNRESET'],
  [new TypeError('x is undefined'), 'TypeError'],
  ['a text', 'a text']
])('knows %s by %s', (error, code) => {
  expect(codeOfEnd(error)).toBe(code)
})
