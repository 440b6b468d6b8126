import { type RawChunk, rawChunkHeaders } from '../../processors/retail/raw-chunk.ts'
import { type TestDriverOptions, TopologyTestDriver } from '../../testing.ts'
import { retailTopology } from '../../topology/retail/index.ts'
import * as topics from '../../topology/retail/topics.ts'

export const foodmartHeader = 'date,store_id,sku,customer_id,promotion_id,units,sales,cost'
export const onlineRetailHeader =
  'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'

/** A chunk of FoodMart's store 7, unless told otherwise. */
export function chunkOf(more: Partial<RawChunk> = {}): RawChunk {
  return {
    file: 'sku-us/7/1997-01.csv',
    etag: 'e',
    revision: 1,
    sign: 1,
    csvHeader: foodmartHeader,
    delimiter: ',',
    firstRow: 1,
    country: 'US',
    storeId: '7',
    currency: 'USD',
    timeZone: 'America/Los_Angeles',
    ...more
  }
}

export const onlineRetailChunk: Partial<RawChunk> = {
  file: 'sku-gb/shop/2011-05-03.csv',
  csvHeader: onlineRetailHeader,
  country: 'GB',
  storeId: 'shop',
  currency: 'GBP',
  timeZone: 'Europe/London'
}

/** The whole retail graph on the test driver. */
export class RetailDriver extends TopologyTestDriver {
  constructor(options: TestDriverOptions = {}) {
    super(retailTopology(), options)
  }

  /** Gives it the rows of a chunk. */
  rows(text: string, more: Partial<RawChunk> = {}): void {
    const chunk = chunkOf(more)
    this.pipe(topics.rawCsv, {
      key: `${chunk.country}/${chunk.storeId}`,
      value: text,
      timestamp: 1_700_000_000_000,
      headers: rawChunkHeaders(chunk)
    })
  }

  product(sku: string, category: string, more: { country?: string; unitCost?: number | null } = {}): void {
    const { country = 'US', unitCost = null } = more
    this.pipe(topics.products, {
      key: `${country}/${sku}`,
      value: {
        country,
        sku,
        name: `Product ${sku}`,
        brand: 'Leaf',
        category,
        subcategory: category,
        listPrice: 19900,
        unitCost
      },
      timestamp: 0
    })
  }
}
