import { json, type KTable, string } from '../../index.ts'
import { ledgerKey, ledgerParts } from '../../processors/retail/ledger-key.ts'
import type { CategoryDay, StoreDay } from '../../processors/retail/ledgers.ts'
import {
  type MethodAccuracy,
  MonthChange,
  type Projection,
  projectionRows,
  projections,
  type SeriesKind,
  SeriesMonth,
  seriesMonthsStore
} from '../../processors/retail/projections.ts'
import * as topics from './topics.ts'

/** Forecasts of the months to come for each store and each category, with what the chosen method and the others were worth so far. */
export function monthlyProjections(
  stores: KTable<string, StoreDay>,
  categories: KTable<string, CategoryDay>
): void {
  const rows = months(stores, 'stores', (day) => day.storeId)
    .merge(months(categories, 'categories', (day) => day.category))
    .repartition({ name: 'by-country', key: string(), value: json(MonthChange) })
    .process(projections, {
      stores: [seriesMonthsStore, projectionRows.waiting, projectionRows.published]
    })
  const part = (name: string) => rows.filter((_, key) => ledgerParts(key)[1] === name)
  part('stores')
    .mapValues((row) => row as Projection | null)
    .to(topics.storeProjections)
  part('categories')
    .mapValues((row) => row as Projection | null)
    .to(topics.categoryProjections)
  part('accuracy')
    .mapValues((row) => row as MethodAccuracy | null)
    .to(topics.projectionAccuracy)
}

type SeriesDay = Pick<StoreDay, 'country' | 'day' | 'rows' | 'net'>

/** The days' sums by month, by their country. */
function months<V extends SeriesDay>(days: KTable<string, V>, kind: SeriesKind, nameOf: (day: V) => string) {
  const monthOf = (day: V) => day.day.slice(0, 'yyyy-mm'.length)
  return days
    .groupBy((day) => [ledgerKey(day.country, kind, nameOf(day), monthOf(day)), sumOf(day)], {
      name: `${kind}-by-month`,
      key: string(),
      value: json(SeriesMonth)
    })
    .aggregate({
      name: `${kind}-months`,
      initial: (): SeriesMonth => ({ rows: 0, net: 0 }),
      add: (day, sum) => ({ rows: sum.rows + day.rows, net: sum.net + day.net }),
      subtract: (day, sum) => orNothing({ rows: sum.rows - day.rows, net: sum.net - day.net }),
      value: json(SeriesMonth)
    })
    .toStream()
    .map((sum, key) => [ledgerParts(key)[0] ?? '', { series: key, sum }])
}

function sumOf({ rows, net }: SeriesDay): SeriesMonth {
  return { rows, net }
}

function orNothing(sum: SeriesMonth): SeriesMonth | null {
  return sum.rows === 0 && sum.net === 0 ? null : sum
}
