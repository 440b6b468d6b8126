import { json, type KStream, type KTable, string } from '../../index.ts'
import { ledgerKey } from '../../processors/retail/ledger-key.ts'
import {
  StoreDay,
  StoreItem,
  StoreMarketDay,
  storeItem,
  type Totals
} from '../../processors/retail/ledgers.ts'
import type { LineItem } from '../../processors/retail/model.ts'
import { addItem, isEmpty, marginOf, minus, noTotals, plus } from '../../processors/retail/totals.ts'
import * as topics from './topics.ts'

/** Line items, so that all of a store, a market and a day are in one partition, with no more than the ledgers need. */
export function byStoreMarketDay(items: KStream<string, LineItem, 'value'>): KStream<string, StoreItem> {
  return items
    .map((item) => [ledgerKey(item.country, item.storeId, item.market, item.businessDay), storeItem(item)])
    .repartition({ name: 'by-store-market-day', key: string(), value: json(StoreItem) })
}

/**
 * What each store sold to each market on each of its business days: a ledger, so a row counts however late its file comes. A day of which
 * nothing is left stays, with zeros: it may have been published.
 */
export function storeMarketDays(items: KStream<string, StoreItem>): KTable<string, StoreMarketDay> {
  return items.groupByKey().aggregate({
    name: 'store-market-days',
    initial: (): StoreMarketDay => ({
      ...noTotals,
      country: '',
      storeId: '',
      market: '',
      day: '',
      currency: ''
    }),
    add: (item, day) => ({
      ...addItem(day, item),
      country: item.country,
      storeId: item.storeId,
      market: item.market,
      day: item.businessDay,
      currency: item.currency
    }),
    value: json(StoreMarketDay)
  })
}

/** What each store sold on each day to all of them. */
export function storeDays(markets: KTable<string, StoreMarketDay>): KTable<string, StoreDay> {
  const days = markets
    .groupBy((day) => [ledgerKey(day.country, day.storeId, day.day), day], {
      name: 'by-store-day',
      key: string(),
      value: json(StoreMarketDay)
    })
    .aggregate({
      name: 'store-days',
      initial: (): StoreDay => ({ ...noTotals, country: '', storeId: '', day: '', currency: '', margin: 0 }),
      add: (market, day) => storeDay(market, plus(day, market)),
      subtract: (market, day) => storeDay(market, minus(day, market)),
      value: json(StoreDay)
    })
  days.toStream().to(topics.storeDays)
  return days
}

function storeDay({ country, storeId, day, currency }: StoreMarketDay, totals: Totals): StoreDay | null {
  if (isEmpty(totals)) return null
  return { ...totals, country, storeId, day, currency, margin: marginOf(totals) }
}
