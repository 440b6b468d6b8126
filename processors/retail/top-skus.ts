import { z } from 'zod'
import { json, type KeyValueStoreDefinition, keyValueStore, string } from '../../index.ts'
import { analysis, publication } from './analysis.ts'
import { ledgerKey, ledgerParts } from './ledger-key.ts'
import type { SkuTotals } from './ledgers.ts'
import { amount, country } from './model.ts'
import { productsOf, skuStoresStore } from './sku-shares.ts'
import { slicesUnder } from './slices.ts'

const rankings = { revenue: 'net', units: 'units' } as const
type Ranking = keyof typeof rankings
const topCount = 10

/** What a place, a store or a whole country, sold of a SKU, less its charges. */
const Candidate = z.object({ sku: z.string(), rows: z.int(), units: amount, net: amount })
export type Candidate = z.infer<typeof Candidate>

/** One line of a place's top ten. Keyed by `country/storeId/by/rank`. */
export const TopSku = Candidate.extend({
  country,
  /** Empty: the whole country. */
  storeId: z.string(),
  by: z.enum(['revenue', 'units']),
  /** From 1. */
  rank: z.int()
})
export type TopSku = z.infer<typeof TopSku>

/** A place's best SKUs of one partition, by `country/storeId/sku`. */
export const candidates = publication('top-candidates', json(Candidate))

/**
 * The best SKUs of each place among those of this partition. All of a SKU is in one partition, so the best of all are among the best of each: what
 * is left to compare is small, however many SKUs there are.
 */
export function bestOfPartition(skus: KeyValueStoreDefinition<string, SkuTotals>) {
  return analysis<SkuTotals | null, Candidate>(candidates, (context) => {
    const totals = context.store(skus)
    const shares = context.store(skuStoresStore)
    return {
      take: (_, key) => ledgerParts(key)[0] ?? null,
      *rows(country) {
        // by store; empty: the whole country
        const places = new Map<string, Best>()
        const add = (storeId: string, candidate: Candidate): void => {
          let best = places.get(storeId)
          if (best === undefined) {
            best = new Best()
            places.set(storeId, best)
          }
          best.add(candidate)
        }
        for (const slice of slicesUnder(totals, country)) {
          for (const { value } of slice) {
            const { sku } = value
            const all = productsOf(value)
            if (all === null) continue
            add('', { sku, ...all })
            for (const sold of slicesUnder(shares, ledgerKey(country, sku))) {
              for (const { key, value } of sold) {
                const share = productsOf(value)
                if (share !== null) add(ledgerParts(key)[2] ?? '', { sku, ...share })
              }
              yield sold.length
            }
          }
          yield slice.length
        }
        for (const [storeId, best] of places)
          for (const one of best.candidates())
            yield [`${ledgerKey(country, storeId)}/${ledgerKey(one.sku)}`, one]
      }
    }
  })
}

/** A candidate on its way to the others of its place; null: it is none any more. */
export const PlacedCandidate = z.object({ sku: z.string(), candidate: Candidate.nullable() })
export type PlacedCandidate = z.infer<typeof PlacedCandidate>

/** By its place, `country/storeId`. */
export function placed(candidate: Candidate | null, key: string): readonly [string, PlacedCandidate] {
  const [country = '', storeId = '', sku = ''] = ledgerParts(key)
  return [ledgerKey(country, storeId), { sku, candidate }]
}

export const candidatesStore = keyValueStore({
  name: 'top-candidates',
  key: string(),
  value: json(Candidate),
  cached: true
})
export const topTens = publication('top-skus', json(TopSku))

/** Ranks the candidates of all partitions. They come together, so there is little to wait for. */
export const topTen = analysis<PlacedCandidate, TopSku>(
  topTens,
  (context) => {
    const store = context.store(candidatesStore)
    return {
      take({ sku, candidate }, place, timestamp) {
        store.put(`${place}/${ledgerKey(sku)}`, candidate, timestamp)
        return place
      },
      *rows(place) {
        const [country = '', storeId = ''] = ledgerParts(place)
        const best = new Best()
        for (const slice of slicesUnder(store, place)) {
          for (const { value } of slice) best.add(value)
          yield slice.length
        }
        for (const by of Object.keys(rankings) as Ranking[])
          for (const [at, one] of best[by].entries())
            yield [`${place}/${by}/${at + 1}`, { ...one, country, storeId, by, rank: at + 1 }]
      }
    }
  },
  { quietMs: 500 }
)

/** The best SKUs of a place by each ranking. No more are kept, however many are added. */
class Best {
  readonly revenue: Candidate[] = []
  readonly units: Candidate[] = []

  add(candidate: Candidate): void {
    insert(this.revenue, candidate, rankings.revenue)
    insert(this.units, candidate, rankings.units)
  }

  /** Those of any ranking, each once. */
  candidates(): Set<Candidate> {
    return new Set([...this.revenue, ...this.units])
  }
}

/** Of equal ones, the lower code comes first, so that the order is certain. */
function insert(best: Candidate[], one: Candidate, figure: 'net' | 'units'): void {
  const isBehind = (other: Candidate) =>
    one[figure] === other[figure] ? other.sku < one.sku : one[figure] < other[figure]
  let at = best.length
  for (let other = best[at - 1]; other !== undefined && !isBehind(other); other = best[at - 1]) at--
  if (at === topCount) return
  best.splice(at, 0, one)
  if (best.length > topCount) best.pop()
}
