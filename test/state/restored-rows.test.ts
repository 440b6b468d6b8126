import { expect, test } from 'vitest'
import { RestoredRows } from '../../state/restored-rows.ts'

/** Adds records `key=value` (no value: deleted), and gives the rows in the same form. */
function piece(rows: RestoredRows, records: readonly string[]): string[] {
  rows.begin()
  const buffer = Buffer.alloc(16)
  records.forEach((record, index) => {
    // as a cursor may that makes its records
    buffer.fill(0)
    buffer.write(record)
    const keyEnd = record.indexOf('=')
    const deleted = keyEnd + 1 === record.length
    rows.add({
      buffer,
      keyStart: 0,
      keyEnd,
      valueStart: deleted ? -1 : keyEnd + 1,
      valueEnd: deleted ? -1 : record.length,
      timestamp: index
    })
  })
  return rows.take().map(({ key, value }) => `${key}=${value === null ? '' : value.toString('latin1', 8)}`)
}

test('of each key the last record counts, a deletion too', () => {
  const rows = new RestoredRows((key) => Buffer.from(`+${key}`, 'latin1'))
  expect(piece(rows, ['a=1', 'b=1', 'a=2', 'b=', 'c=', 'c=3', 'd=1', 'd=22'])).toEqual([
    '+a=2',
    '+b=',
    '+c=3',
    '+d=22'
  ])
  expect(piece(rows, ['a=4'])).toEqual(['+a=4'])
})

test('where keys do not come again nothing is looked for, for a while', () => {
  const rows = new RestoredRows((key) => Buffer.from(key, 'latin1'))
  const different = Array.from({ length: 20 }, (_, key) => `k${key}=1`)
  expect(piece(rows, different)).toEqual(different)
  for (let i = 0; i < 8; i++) expect(piece(rows, ['a=1', 'a=2'])).toEqual(['a=1', 'a=2'])
  expect(piece(rows, ['a=1', 'a=2'])).toEqual(['a=2'])
})

test('what a piece that failed has left is forgotten', () => {
  const rows = new RestoredRows((key) => Buffer.from(key, 'latin1'))
  const buffer = Buffer.from('lost')
  rows.add({ buffer, keyStart: 0, keyEnd: 4, valueStart: -1, valueEnd: -1, timestamp: 0 })
  expect(piece(rows, ['a=1'])).toEqual(['a=1'])
})
