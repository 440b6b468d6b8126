import type { TableMapping } from '../../index.ts'
import type { BasketPair } from '../../processors/retail/baskets.ts'
import { formatAmount } from '../../processors/retail/format-amount.ts'
import { ledgerParts } from '../../processors/retail/ledger-key.ts'
import { AMOUNT_SCALE } from '../../processors/retail/model.ts'
import type { PriceAnomaly } from '../../processors/retail/price-anomalies.ts'
import type { MethodAccuracy, Projection } from '../../processors/retail/projections.ts'
import type { TopSku } from '../../processors/retail/top-skus.ts'
import type { Velocity } from '../../processors/retail/velocity.ts'
import { optionalAmount } from './tables.ts'

/*
 * How the rows of analyses become rows of tables: see the migration for the columns.
 */

export const topSkusTable: TableMapping<string, TopSku> = {
  table: 'top_ten_skus',
  columns: {
    country: 'text',
    store_id: 'text',
    ranked_by: 'text',
    rank: 'integer',
    sku: 'text',
    rows: 'bigint',
    units: 'numeric',
    net: 'numeric'
  },
  key: ['country', 'store_id', 'ranked_by', 'rank'],
  keyOf(key) {
    const [country, store_id, ranked_by, rank] = ledgerParts(key)
    return { country, store_id, ranked_by, rank: Number(rank) }
  },
  row: (one) => ({
    country: one.country,
    store_id: one.storeId,
    ranked_by: one.by,
    rank: one.rank,
    sku: one.sku,
    rows: one.rows,
    units: formatAmount(one.units),
    net: formatAmount(one.net)
  })
}

export const velocityTable: TableMapping<string, Velocity> = {
  table: 'sku_velocity',
  columns: {
    country: 'text',
    store_id: 'text',
    sku: 'text',
    business_day: 'date',
    units_7_days: 'numeric',
    units_28_days: 'numeric',
    on_hand: 'numeric',
    days_of_cover: 'double precision',
    stock_out_risk: 'double precision'
  },
  key: ['country', 'store_id', 'sku'],
  keyOf(key) {
    const [country, store_id, sku] = ledgerParts(key)
    return { country, store_id, sku }
  },
  row: (one) => ({
    country: one.country,
    store_id: one.storeId,
    sku: one.sku,
    business_day: one.day,
    units_7_days: formatAmount(one.units7),
    units_28_days: formatAmount(one.units28),
    on_hand: optionalAmount(one.onHand),
    days_of_cover: one.daysOfCover,
    stock_out_risk: one.stockOutRisk
  })
}

export const basketPairsTable: TableMapping<string, BasketPair> = {
  table: 'basket_pairs',
  columns: {
    country: 'text',
    store_id: 'text',
    first_sku: 'text',
    second_sku: 'text',
    together: 'bigint',
    with_first: 'bigint',
    with_second: 'bigint',
    baskets: 'bigint',
    support: 'double precision',
    confidence: 'double precision',
    confidence_back: 'double precision',
    lift: 'double precision',
    missed_at_most: 'bigint'
  },
  key: ['country', 'store_id', 'first_sku', 'second_sku'],
  keyOf(key) {
    const [country, store_id, first_sku, second_sku] = ledgerParts(key)
    return { country, store_id, first_sku, second_sku }
  },
  row: (pair) => ({
    country: pair.country,
    store_id: pair.storeId,
    first_sku: pair.first,
    second_sku: pair.second,
    together: pair.together,
    with_first: pair.withFirst,
    with_second: pair.withSecond,
    baskets: pair.baskets,
    support: pair.support,
    confidence: pair.confidence,
    confidence_back: pair.confidenceBack,
    lift: pair.lift,
    missed_at_most: pair.missedAtMost
  })
}

export const priceAnomaliesTable: TableMapping<string, PriceAnomaly> = {
  table: 'price_anomalies',
  columns: {
    country: 'text',
    sku: 'text',
    price: 'numeric',
    rows: 'bigint',
    rows_of_sku: 'bigint',
    median: 'numeric',
    mad: 'numeric',
    score: 'double precision'
  },
  key: ['country', 'sku', 'price'],
  keyOf(key) {
    const [country, sku, price] = ledgerParts(key)
    return { country, sku, price: formatAmount(Number(price)) }
  },
  row: (one) => ({
    country: one.country,
    sku: one.sku,
    price: formatAmount(one.price),
    rows: one.rows,
    rows_of_sku: one.rowsOfSku,
    median: one.median / AMOUNT_SCALE,
    mad: one.mad / AMOUNT_SCALE,
    score: one.score
  })
}

const accuracyColumns = {
  method: 'text',
  parameters: 'text',
  wape: 'double precision',
  bias: 'double precision'
} as const

function projectionsTable(table: string, name: string): TableMapping<string, Projection> {
  const firstOf = (month: string) => `${month}-01`
  return {
    table,
    columns: {
      country: 'text',
      [name]: 'text',
      month: 'date',
      horizon: 'integer',
      forecast: 'numeric',
      low: 'numeric',
      high: 'numeric',
      actual: 'numeric',
      ...accuracyColumns
    },
    key: ['country', name, 'month'],
    keyOf(key) {
      const [country, , of, month = ''] = ledgerParts(key)
      return { country, [name]: of, month: firstOf(month) }
    },
    row: (one) => ({
      country: one.country,
      [name]: one.name,
      month: firstOf(one.month),
      horizon: one.horizon,
      forecast: formatAmount(one.forecast),
      low: formatAmount(one.low),
      high: formatAmount(one.high),
      actual: optionalAmount(one.actual),
      ...accuracy(one)
    })
  }
}

function accuracy({ method, parameters, wape, bias }: Projection | MethodAccuracy) {
  return { method, parameters, wape, bias }
}

export const storeProjectionsTable = projectionsTable('projections_store_months', 'store_id')
export const categoryProjectionsTable = projectionsTable('projections_category_months', 'category')

export const projectionAccuracyTable: TableMapping<string, MethodAccuracy> = {
  table: 'projections_accuracy',
  columns: {
    country: 'text',
    kind: 'text',
    name: 'text',
    ...accuracyColumns,
    origins: 'integer',
    chosen: 'boolean'
  },
  key: ['country', 'kind', 'name', 'method'],
  keyOf(key) {
    const [country, , kind, name, method] = ledgerParts(key)
    return { country, kind, name, method }
  },
  row: (one) => ({
    country: one.country,
    kind: one.kind,
    name: one.name,
    ...accuracy(one),
    origins: one.origins,
    chosen: one.chosen
  })
}
