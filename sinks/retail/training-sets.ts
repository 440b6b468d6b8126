import { type ObjectBucket, type ParquetSinkOptions, parquetSink, type Sink } from '../../index.ts'
import { AMOUNT_SCALE, type LineItem } from '../../processors/retail/model.ts'

export interface TrainingSetOptions {
  readonly name: string
  readonly bucket: ObjectBucket
  /** Business days from this one on (yyyy-mm-dd) are for validation, those before for training. */
  readonly validationFrom: string
  /** See `ParquetSinkOptions`. */
  readonly rangeOffsets?: number
}

/** What is known of a sale at its time, and `units` and `net`, which are to be learned. No column is made of other rows. */
const columns = {
  file: 'STRING',
  revision: 'INT32',
  row: 'INT32',
  /** 1, or -1: takes the row of the same file, revision and number back. */
  sign: 'INT32',
  country: 'STRING',
  store_id: 'STRING',
  sku: 'STRING',
  market: 'STRING',
  kind: 'STRING',
  business_day: 'STRING',
  month: 'INT32',
  day_of_month: 'INT32',
  /** 0 is Sunday. */
  day_of_week: 'INT32',
  promoted: 'BOOLEAN',
  brand: 'STRING',
  category: 'STRING',
  subcategory: 'STRING',
  store_category: 'STRING',
  list_price: 'DOUBLE',
  units: 'DOUBLE',
  net: 'DOUBLE'
} as const

/**
 * Training sets of each country: line items of products as Parquet. A row is for validation if its business day is, and so is what takes it back,
 * so nothing of the validation period is in what is learned from. What the graph tells again when it starts over is in them again: of each file, revision,
 * row and sign the last counts.
 */
export function trainingSets(options: TrainingSetOptions): Sink<string, LineItem> {
  const { name, bucket, validationFrom, rangeOffsets } = options
  const sink: ParquetSinkOptions<string, LineItem> = {
    name,
    bucket,
    prefix: 'training',
    columns,
    settings: { validationFrom },
    ...(rangeOffsets === undefined ? {} : { rangeOffsets }),
    row: (item) => (item.productKind === 'product' ? rowOf(item) : null),
    folder: ({ country, business_day: day }) =>
      `country=${country}/split=${String(day) < validationFrom ? 'train' : 'validation'}`
  }
  return parquetSink(sink)
}

function rowOf(item: LineItem): Record<keyof typeof columns, boolean | number | string | null> {
  const date = new Date(item.businessDay)
  return {
    file: item.file,
    revision: item.revision,
    row: item.row,
    sign: item.rows,
    country: item.country,
    store_id: item.storeId,
    sku: item.sku,
    market: item.market,
    kind: item.kind,
    business_day: item.businessDay,
    month: date.getUTCMonth() + 1,
    day_of_month: date.getUTCDate(),
    day_of_week: date.getUTCDay(),
    promoted: item.promotionId !== null,
    brand: item.brand,
    category: item.category,
    subcategory: item.subcategory,
    store_category: item.storeCategory,
    list_price: item.listPrice === null ? null : item.listPrice / AMOUNT_SCALE,
    units: item.units / AMOUNT_SCALE,
    net: item.sales / AMOUNT_SCALE
  }
}
