import type { TableMapping } from '../../index.ts'
import type { BasketPair } from '../../processors/retail/baskets.ts'
import { ledgerParts } from '../../processors/retail/ledger-key.ts'
import { AMOUNT_SCALE } from '../../processors/retail/model.ts'
import type { PriceAnomaly } from '../../processors/retail/price-anomalies.ts'
import type { MethodAccuracy, Projection } from '../../processors/retail/projections.ts'
import type { TopSku } from '../../processors/retail/top-skus.ts'
import type { Velocity } from '../../processors/retail/velocity.ts'
import { type Columns, tableOf } from './table-of.ts'

/*
 * How the rows of analyses become rows of tables: see the migration for the columns.
 */

export const topSkusTable = tableOf<TopSku>({
  table: 'top_ten_skus',
  key: ['country', 'store_id', 'ranked_by', 'rank'],
  columns: {
    country: ['text', 'country'],
    store_id: ['text', 'storeId'],
    ranked_by: ['text', 'by'],
    rank: ['integer', 'rank'],
    sku: ['text', 'sku'],
    rows: ['bigint', 'rows'],
    units: ['amount', 'units'],
    net: ['amount', 'net']
  }
})

export const velocityTable = tableOf<Velocity>({
  table: 'sku_velocity',
  key: ['country', 'store_id', 'sku'],
  columns: {
    country: ['text', 'country'],
    store_id: ['text', 'storeId'],
    sku: ['text', 'sku'],
    business_day: ['date', 'day'],
    units_7_days: ['amount', 'units7'],
    units_28_days: ['amount', 'units28'],
    on_hand: ['amount', 'onHand'],
    days_of_cover: ['double precision', 'daysOfCover'],
    stock_out_risk: ['double precision', 'stockOutRisk']
  }
})

export const basketPairsTable = tableOf<BasketPair>({
  table: 'basket_pairs',
  key: ['country', 'store_id', 'first_sku', 'second_sku'],
  columns: {
    country: ['text', 'country'],
    store_id: ['text', 'storeId'],
    first_sku: ['text', 'first'],
    second_sku: ['text', 'second'],
    together: ['bigint', 'together'],
    with_first: ['bigint', 'withFirst'],
    with_second: ['bigint', 'withSecond'],
    baskets: ['bigint', 'baskets'],
    support: ['double precision', 'support'],
    confidence: ['double precision', 'confidence'],
    confidence_back: ['double precision', 'confidenceBack'],
    lift: ['double precision', 'lift'],
    missed_at_most: ['bigint', 'missedAtMost']
  }
})

export const priceAnomaliesTable = tableOf<PriceAnomaly>({
  table: 'price_anomalies',
  key: ['country', 'sku', 'price'],
  columns: {
    country: ['text', 'country'],
    sku: ['text', 'sku'],
    price: ['amount', 'price'],
    rows: ['bigint', 'rows'],
    rows_of_sku: ['bigint', 'rowsOfSku'],
    // between two prices there may be half a ten-thousandth
    median: ['numeric', (one) => one.median / AMOUNT_SCALE],
    mad: ['numeric', (one) => one.mad / AMOUNT_SCALE],
    score: ['double precision', 'score']
  }
})

const accuracy = {
  method: ['text', 'method'],
  parameters: ['text', 'parameters'],
  wape: ['double precision', 'wape'],
  bias: ['double precision', 'bias']
} as const satisfies Columns<Projection | MethodAccuracy>

const firstOf = (month: string) => `${month}-01`

function projectionsTable(table: string, name: string): TableMapping<string, Projection> {
  return {
    ...tableOf<Projection>({
      table,
      key: ['country', name, 'month'],
      columns: {
        country: ['text', 'country'],
        [name]: ['text', 'name'],
        month: ['date', (one) => firstOf(one.month)],
        horizon: ['integer', 'horizon'],
        forecast: ['amount', 'forecast'],
        low: ['amount', 'low'],
        high: ['amount', 'high'],
        actual: ['amount', 'actual'],
        ...accuracy
      }
    }),
    keyOf(key) {
      const [country, , of, month = ''] = ledgerParts(key)
      return { country, [name]: of, month: firstOf(month) }
    }
  }
}

export const storeProjectionsTable = projectionsTable('projections_store_months', 'store_id')
export const categoryProjectionsTable = projectionsTable('projections_category_months', 'category')

export const projectionAccuracyTable: TableMapping<string, MethodAccuracy> = {
  ...tableOf<MethodAccuracy>({
    table: 'projections_accuracy',
    key: ['country', 'kind', 'name', 'method'],
    columns: {
      country: ['text', 'country'],
      kind: ['text', 'kind'],
      name: ['text', 'name'],
      ...accuracy,
      origins: ['integer', 'origins'],
      chosen: ['boolean', 'chosen']
    }
  }),
  keyOf(key) {
    const [country, , kind, name, method] = ledgerParts(key)
    return { country, kind, name, method }
  }
}
