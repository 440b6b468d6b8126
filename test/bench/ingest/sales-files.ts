import { foodmartBuckets } from '../../../bin/foodmart/foodmart-files.ts'
import { objectKind } from '../../../ingest/buckets.ts'
import { openRows } from '../../../ingest/csv/row-source.ts'
import type { ObjectStore } from '../../../ingest/object-store.ts'
import type { ChunkInfo } from '../../../processors/retail/parse-sale.ts'

/** Whole rows of a file, and what parsing them needs to know. */
export interface SalesChunk {
  readonly info: ChunkInfo
  readonly rows: number
  readonly content: Buffer
}

/** Reads FoodMart's sales files one after the other, as the ingest reads one of them, and cuts them. */
export async function eachSalesChunk(store: ObjectStore, take: (chunk: SalesChunk) => void): Promise<void> {
  for (const { bucket, country, currency, timeZone } of foodmartBuckets)
    for await (const { key } of store.list(bucket)) {
      const kind = objectKind(key)
      const stored = kind.kind === 'sales' ? await store.get(bucket, key) : undefined
      if (kind.kind !== 'sales' || stored === undefined) continue
      const { storeId } = kind
      const { form, chunks } = await openRows(stored.body)
      const { csvHeader, delimiter } = form
      const file = `${bucket}/${key}`
      for await (const { firstRow, rows, content } of chunks) {
        const place = { file, revision: 1, sign: 1, country, storeId, currency, timeZone } as const
        take({ info: { ...place, csvHeader, delimiter, firstRow }, rows, content })
      }
    }
}
