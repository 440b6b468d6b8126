import { expect, it } from 'vitest'
import { expensesFile } from '../../ingest/references/expenses.ts'
import { readReferenceRows } from '../../ingest/references/reference-file.ts'

it('an expense in another currency than the sales of its bucket is refused, and the others count', () => {
  const taken: [string, number][] = []
  const rows = {
    csvHeader: expensesFile.columns.join(','),
    delimiter: ',',
    text: '1,Lease,1997-01-31,MXN,5\n1,Licence,1997-01-31,USD,5\n2,Lease,1997-01-31,MXN,7\n',
    firstRow: 1
  }
  const problem = readReferenceRows(expensesFile, rows, { country: 'MX', currency: 'MXN' }, (key, value) =>
    taken.push([key, value.amount])
  )
  expect(problem).toBe('row 2: currency: USD is not MXN, in which the stores of MX sell')
  expect(taken).toEqual([
    ['MX/1/Lease/1997-01-31', 50_000],
    ['MX/2/Lease/1997-01-31', 70_000]
  ])
})
