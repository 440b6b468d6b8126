import { expect, it } from 'vitest'
import { ratesFile } from '../../ingest/references/rates.ts'
import { readReferenceRows } from '../../ingest/references/reference-file.ts'
import { timeOfDay } from '../../processors/retail/time-of-day.ts'

const now = Date.UTC(2026, 10, 30, 12)

it('a day begins at midnight of UTC, but never in the future', () => {
  expect(timeOfDay('2026-11-30', now)).toBe(Date.UTC(2026, 10, 30))
  expect(timeOfDay('2026-12-01', now)).toBe(now)
  expect(timeOfDay('2099-12-31', now)).toBe(now)
  expect(timeOfDay('1970-01-01', now)).toBe(0)
})

it('a rate that is not in force yet is refused, and the others count', () => {
  const next = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10)
  const taken: [string, number][] = []
  const text = `GBP,1.25,2020-01-01\nGBP,1.5,${next}\nEUR,1.1,1969-12-31\n`
  const rows = { csvHeader: 'currency,rate,valid_from', delimiter: ',', text, firstRow: 1 }
  const bucket = { country: 'GB', currency: 'GBP' }
  const problem = readReferenceRows(ratesFile, rows, bucket, (key, _value, time) => taken.push([key, time]))
  expect(taken).toEqual([['GBP', Date.UTC(2020, 0, 1)]])
  expect(problem).toBe(
    `row 2: valid_from: ${next} has not begun (UTC), and Kafka takes no records from the future`
  )
})
