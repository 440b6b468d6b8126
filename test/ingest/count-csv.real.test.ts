import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { countCsv } from '../../bin/foodmart/count-csv.ts'
import { header, IngestFixture, salesCsv } from './ingest-fixture.ts'

it('adds up the sales files of each country exactly', async () => {
  const { objectStore, us, ca } = await IngestFixture.open()
  await objectStore.put(us, '1/1997-01.csv', salesCsv(3))
  await objectStore.put(us, '1/1997-02.csv.gz', gzipSync(salesCsv(2)))
  await objectStore.put(us, 'reference/stores.csv', 'store_id\n1\n')
  await objectStore.put(ca, '9/1997-01.csv', `${header}\r\n1997-01-05,9,"1",,0,-1,-0.1,0.0001\r\n`)
  const totals = await countCsv(objectStore, [
    { bucket: us, country: 'US' },
    { bucket: ca, country: 'CA' }
  ])
  expect(totals.get('US')).toEqual({ rows: 5, units: 100_000n, sales: 75_000n, cost: 25_500n })
  expect(totals.get('CA')).toEqual({ rows: 1, units: -10_000n, sales: -1_000n, cost: 1n })
})
