import { Readable } from 'node:stream'
import type { ObjectStore } from '../../../ingest/object-store.ts'

export const header = 'date,store_id,sku,customer_id,promotion_id,units,sales,cost\n'

/** Rows as FoodMart's are, all of one length. */
export function sampleRow(number: number): string {
  const day = String(1 + (number % 28)).padStart(2, '0')
  const sku = String(10_000_000_000 + ((number * 7_919) % 1_560))
  return `1997-01-${day},1,${sku},${String(number % 10_281).padStart(5, '0')},0,2.0000,1.5000,0.5100\n`
}

const rowBytes = sampleRow(0).length
const blockRows = 2_000

/** Streams a file of about that size into the store: nobody holds more than a block of it. Returns its rows and size. */
export async function uploadSample(
  store: ObjectStore,
  bucket: string,
  key: string,
  atLeastBytes: number
): Promise<{ readonly rows: number; readonly bytes: number }> {
  const rows = Math.ceil((atLeastBytes - header.length) / rowBytes)
  const bytes = header.length + rows * rowBytes
  function* blocks(): Generator<Buffer> {
    yield Buffer.from(header)
    for (let row = 0; row < rows; row += blockRows) {
      let text = ''
      for (let i = row; i < Math.min(row + blockRows, rows); i++) text += sampleRow(i)
      yield Buffer.from(text)
    }
  }
  await store.put(bucket, key, Readable.from(blocks(), { objectMode: false }), { sizeBytes: bytes })
  return { rows, bytes }
}
