import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { countInput, type InputFiles } from '../../bin/count-input.ts'
import { agree, placeReport } from '../../bin/reconcile.ts'
import type { CountryBucket } from '../../ingest/buckets.ts'
import { type ChunkInfo, parseSales } from '../../processors/retail/parse-sale.ts'
import { chunkOf, foodmartHeader, onlineRetailHeader } from './chunks.ts'

const gb: CountryBucket = { bucket: 'sku-gb', country: 'GB', currency: 'GBP', timeZone: 'Europe/London' }

/** A bucket of these files, whose bytes come in small pieces. */
function filesOf(files: Readonly<Record<string, string | Buffer>>): InputFiles {
  const contents = new Map(Object.entries(files).map(([key, text]) => [key, Buffer.from(text)]))
  const summary = (key: string) => ({ key, sizeBytes: 0, etag: '', lastModifiedMs: 0 })
  return {
    async *list() {
      for (const key of contents.keys()) yield summary(key)
    },
    async get(_bucket, key) {
      const content = contents.get(key) as Buffer
      const pieces = Array.from({ length: Math.ceil(content.length / 7) }, (_, i) =>
        content.subarray(i * 7, i * 7 + 7)
      )
      return {
        ...summary(key),
        versionId: null,
        metadata: {},
        body: Readable.from(pieces, { objectMode: false })
      }
    }
  }
}

const jam = '1,22960,"Jam, ""red""",2,2011-05-03 09:41:00,4.25,1.0,EIRE\n'

it('adds up all dialects by the customers’ countries, exactly', async () => {
  const { counts, unknown } = await countInput(
    filesOf({
      'shop/1.csv': `\uFEFF${onlineRetailHeader}\r\n${jam.replace('\n', '\r\n')}\r\nC2,M,,-3,2011-05-03,0.001,,France\r\n`,
      'shop/2.csv.gz': gzipSync(`${onlineRetailHeader}\n${jam}`),
      '7/3.csv': `${foodmartHeader}\n1997-01-02,7,100,c1,0,2,3.98,1.5522\n`,
      '7/4.csv': `sold_at;sku;quantity;amount;customer_country\n2024-03-01;A;1;-0.5;\n2024-03-01;A;1;0.25;FR\n`,
      '7/5.csv': Buffer.from(`\uFEFF${onlineRetailHeader}\n${jam}`, 'utf16le'),
      '7/6.csv': 'date,shop,article\n1,2,3\n',
      'reference/stores.csv': 'store_id,sales\n1,2\n',
      'top.csv': 'sales\n1\n',
      '7/notes.txt': 'sales\n1\n'
    }),
    [gb]
  )
  expect(placeReport(counts)).toEqual({
    rows: 7,
    net: '29.2270',
    countries: {
      EIRE: { rows: 3, net: '25.5000' },
      FR: { rows: 1, net: '0.2500' },
      France: { rows: 1, net: '-0.0030' },
      GB: { rows: 2, net: '3.4800' }
    }
  })
  expect(unknown).toEqual(['sku-gb/7/6.csv'])
})

it('says the same of bad rows as the dialects, which share no code with it', async () => {
  const rows = [
    jam,
    'short,row\n',
    jam.replace('2,2011', '2.5,2011'),
    jam.replace('2,2011', 'two,2011'),
    jam.replace('4.25', '4.25000'),
    jam.replace('4.25', '4.00001'),
    jam.replace('4.25', '-.5'),
    jam.replace('4.25', '5.'),
    jam.replace('4.25', '900719925474.0991'),
    jam.replace('2011-05-03 09:41:00', 'never'),
    jam.replace('EIRE', ''),
    '1,22960,"two\nlines",2,2011-05-03 09:41:00,1.5,1.0,France\n',
    '1,22960,a "quote",2,2011-05-03 09:41:00,1.5,1.0,France\n',
    '1,22960,"open,2,2011-05-03 09:41:00,1.5,1.0,France\n',
    jam
  ].join('')
  const found = new Map<string, { rows: number; net: bigint }>()
  const count = (market: string, net: number) => {
    const before = found.get(market) ?? { rows: 0, net: 0n }
    found.set(market, { rows: before.rows + 1, net: before.net + BigInt(net) })
  }
  const chunk: ChunkInfo = chunkOf({ csvHeader: onlineRetailHeader, country: 'GB', currency: 'GBP' })
  parseSales(rows, chunk, {
    sale: (sale) => count(sale.market, sale.sales),
    rejected: ({ market, net }) => count(market, net)
  })
  const { counts } = await countInput(filesOf({ 'shop/1.csv': `${onlineRetailHeader}\n${rows}` }), [gb])
  expect(placeReport(counts)).toEqual(placeReport(found))
  expect(placeReport(counts).rows).toBe(15)
  expect(agree([counts, found])).toBe(true)
  found.set('EIRE', { rows: 1, net: 1n })
  expect(agree([counts, found])).toBe(false)
})
