import {
  type FixedKeyProcessor,
  json,
  type KeyValueStore,
  keyValueStore,
  type ProcessorContext,
  string
} from '../../index.ts'
import { under } from './analysis.ts'
import { ledgerKey, ledgerPart } from './ledger-key.ts'
import { KeptShare, type SkuSales, type StoreShare, Totals } from './ledgers.ts'
import type { LineItem } from './model.ts'
import { addItem, isEmpty, minus, noTotals } from './totals.ts'

/** What each market bought of a SKU, by `country/sku/market`. */
export const skuMarketsStore = keyValueStore({
  name: 'sku-markets',
  key: string(),
  value: json(Totals),
  cached: true
})
/** What each store sold of it, by `country/sku/storeId`. */
export const skuStoresStore = keyValueStore({
  name: 'sku-stores',
  key: string(),
  value: json(KeptShare),
  cached: true
})

/**
 * Most markets, and most stores, of a document. A market is whatever a file says, be it a customer's number in the wrong column: without a bound
 * the document would outgrow Kafka's 1 MiB and the 10,000 nested objects that Elasticsearch takes.
 */
const mostShares = 1000
/** Most bytes of either list, as JSON. */
const mostBytes = 400_000
/** Field names and figures of an entry, at most. */
const figuresBytes = 260
/** In JSON a character of text is at most an escape such as \u0001. */
const characterBytes = 6

const noShare: KeptShare = Object.freeze({ rows: 0, units: 0, net: 0, charges: 0, chargeRows: 0 })

interface Shares {
  readonly markets: KeyValueStore<string, Totals>
  readonly stores: KeyValueStore<string, KeptShare>
}

function sharesOf(context: Pick<ProcessorContext<string, unknown>, 'store'>): Shares {
  return { markets: context.store(skuMarketsStore), stores: context.store(skuStoresStore) }
}

/** Keeps the shares of markets and stores, each by itself, so that a row costs the same however many there are. Passes the items on. */
export function keepSkuShares(): FixedKeyProcessor<string, LineItem, LineItem> {
  let shares: Shares
  return {
    init(context) {
      shares = sharesOf(context)
    },
    process(record, context) {
      const { value: item, timestamp } = record
      if (item === null) return
      const { markets, stores } = shares
      const market = ledgerKey(item.country, item.sku, item.market)
      const bought = addItem(markets.get(market) ?? noTotals, item)
      markets.put(market, isEmpty(bought) ? null : bought, timestamp)
      const store = ledgerKey(item.country, item.sku, item.storeId)
      const sold = withItem(stores.get(store) ?? noShare, item)
      stores.put(store, isNothing(sold) ? null : sold, timestamp)
      context.forward(record)
    }
  }
}

/** Gives a SKU's document its markets and stores. */
export function withSkuShares(): FixedKeyProcessor<string, SkuSales, SkuSales> {
  let shares: Shares
  return {
    init(context) {
      shares = sharesOf(context)
    },
    process(record, context) {
      const { value: sku } = record
      if (sku === null) return context.forward(record)
      const key = ledgerKey(sku.country, sku.sku)
      const prefix = key.length + 1
      const ofMarkets = listed(prefix, under(shares.markets, key), sku, minus, isEmpty)
      const ofStores = listed(prefix, under(shares.stores, key), sku, less, isNothing)
      const value = {
        ...sku,
        markets: ofMarkets.map(([market, totals]) => ({ ...totals, market })),
        stores: ofStores.map(([storeId, { rows, units, net }]) => ({ storeId, rows, units, net }))
      }
      context.forward({ ...record, value })
    }
  }
}

/** The first entries by name, and under an empty name what all others come to: the whole without those, so that they need not be read. `prefix` is how long their keys are before the name. */
function listed<T>(
  prefix: number,
  entries: Iterable<{ readonly key: string; readonly value: T }>,
  whole: T,
  less: (a: T, b: T) => T,
  isNone: (one: T) => boolean
): [name: string, share: T][] {
  const list: [string, T][] = []
  let rest = whole
  let bytes = 0
  for (const { key, value } of entries) {
    const name = ledgerPart(key.slice(prefix))
    bytes += figuresBytes + characterBytes * name.length
    if (list.length === mostShares || bytes > mostBytes) {
      if (!isNone(rest)) list.push(['', rest])
      return list
    }
    list.push([name, value])
    rest = less(rest, value)
  }
  return list
}

/** Its products alone; null: there are none. */
export function productsOf({ rows, units, net, charges, chargeRows }: KeptShare): StoreShare | null {
  return rows === chargeRows ? null : { rows: rows - chargeRows, units, net: net - charges }
}

function withItem({ rows, units, net, charges, chargeRows }: KeptShare, item: LineItem): KeptShare {
  const charge = item.productKind === 'charge'
  return {
    rows: rows + item.rows,
    units: units + (charge ? 0 : item.units),
    net: net + item.sales,
    charges: charges + (charge ? item.sales : 0),
    chargeRows: chargeRows + (charge ? item.rows : 0)
  }
}

function less(a: StoreShare, b: StoreShare): StoreShare {
  return { rows: a.rows - b.rows, units: a.units - b.units, net: a.net - b.net }
}

function isNothing({ rows, units, net }: StoreShare): boolean {
  return rows === 0 && units === 0 && net === 0
}
