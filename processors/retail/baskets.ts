import { z } from 'zod'
import { integer, json, keyValueStore, string } from '../../index.ts'
import { analysis, publication } from './analysis.ts'
import { ledgerKey, ledgerParts } from './ledger-key.ts'
import { country } from './model.ts'
import { slicesUnder } from './slices.ts'
import type { StoreSale } from './store-sale.ts'

/** Pairs are counted of a store's SKUs that are in most baskets, and the most frequent pairs are published. */
const countedSkus = 200
const publishedPairs = 100
/** What it takes to count a pair, in entries that could be read instead. */
const pairWork = 0.1

/** Two SKUs that a store's customers buy together. Keyed by `country/storeId/first/second`. */
export const BasketPair = z.object({
  country,
  storeId: z.string(),
  /** The codes, in their order. */
  first: z.string(),
  second: z.string(),
  /** Baskets with both, with each, and all of the store. Exact. */
  together: z.int(),
  withFirst: z.int(),
  withSecond: z.int(),
  baskets: z.int(),
  /** Share of the baskets with both. */
  support: z.number(),
  /** Share of the baskets with the first that have the second, too; and the other way round. */
  confidence: z.number(),
  confidenceBack: z.number(),
  /** How much more often than if they had nothing to do with each other. */
  lift: z.number(),
  /** The error of the list: no pair that is missing in it is in more baskets than this. */
  missedAtMost: z.int()
})
export type BasketPair = z.infer<typeof BasketPair>

/**
 * Rows of each SKU in each basket, by `country/storeId/basket/sku`: one number may be on all invoices of a file, so a basket may hold any number of SKUs.
 */
export const basketsStore = keyValueStore({
  name: 'baskets',
  key: string(),
  value: integer(),
  cached: true
})
export const basketPairs = publication('basket-pairs', json(BasketPair))

/**
 * Pairs in the baskets of a store. The number of pairs grows with the square of the SKUs, so only those of the 200 that are in most baskets are
 * counted: at most 19,900 counters. As a pair is in no more baskets than either of its SKUs, the error of that is known exactly (the
 * argument of Apriori; Agrawal and Srikant 1994).
 */
export const baskets = analysis<StoreSale, BasketPair>(basketPairs, (context) => {
  const store = context.store(basketsStore)
  return {
    take({ basket, sku, rows }, place, timestamp) {
      if (basket === null) return null
      const key = `${place}/${ledgerKey(basket, sku)}`
      const after = (store.get(key) ?? 0) + rows
      store.put(key, after === 0 ? null : after, timestamp)
      return place
    },
    *rows(place) {
      const [country = '', storeId = ''] = ledgerParts(place)
      const all = new Baskets()
      for (const slice of slicesUnder(store, place)) {
        for (const { key, value } of slice) all.add(key, value)
        yield slice.length
      }
      const { counted, missedAtMost } = frequentSkus(all.frequencies)
      const byFirst = new Map<string, Map<string, number>>()
      for (const skus of all.contents()) yield 1 + countPairs(skus, counted, byFirst) * pairWork
      const pairs = ranked(byFirst)
      const next = pairs[publishedPairs]?.together ?? 0
      const missed = Math.max(missedAtMost, next)
      for (const { first, second, together } of pairs.slice(0, publishedPairs)) {
        const withFirst = counted.get(first) ?? 0
        const withSecond = counted.get(second) ?? 0
        const shares = {
          support: together / all.count,
          confidence: together / withFirst,
          confidenceBack: together / withSecond,
          lift: (together * all.count) / (withFirst * withSecond)
        }
        const counts = { together, withFirst, withSecond, baskets: all.count }
        const row = { country, storeId, first, second, ...counts, ...shares, missedAtMost: missed }
        yield [`${place}/${ledgerKey(first, second)}`, row]
      }
    }
  }
})

/** What is in each basket: of what more was bought than taken back. Numbers stand for SKUs: a store has many more rows than it has SKUs. */
class Baskets {
  readonly #numbers = new Map<string, number>()
  readonly #skus: string[] = []
  /** In how many baskets each SKU is, by its number. */
  readonly #counts: number[] = []
  /** The contents of the baskets, one after another. */
  readonly #contents: number[] = []
  /** Where each basket begins there. */
  readonly #begins: number[] = []
  #current = ''

  get count(): number {
    return this.#begins.length
  }

  get frequencies(): [sku: string, baskets: number][] {
    return this.#skus.map((sku, number) => [sku, this.#counts[number] ?? 0])
  }

  /** Takes the next entry of the store, in its order. */
  add(key: string, rows: number): void {
    const end = key.lastIndexOf('/')
    const basket = key.slice(0, end)
    if (basket !== this.#current) {
      this.#begins.push(this.#contents.length)
      this.#current = basket
    }
    if (rows <= 0) return
    const number = this.#numberOf(key.slice(end + 1))
    this.#counts[number] = (this.#counts[number] ?? 0) + 1
    this.#contents.push(number)
  }

  /** The SKUs of each basket. */
  *contents(): Generator<string[]> {
    for (const [at, begin] of this.#begins.entries()) {
      const numbers = this.#contents.slice(begin, this.#begins[at + 1])
      yield numbers.map((number) => this.#skus[number] ?? '')
    }
  }

  #numberOf(part: string): number {
    let number = this.#numbers.get(part)
    if (number === undefined) {
      number = this.#skus.length
      this.#numbers.set(part, number)
      this.#skus.push(ledgerParts(part)[0] ?? '')
    }
    return number
  }
}

/** The SKUs in most baskets, with their numbers, and how many baskets the next one is in. Of equal ones the lower code comes first. */
function frequentSkus(frequencies: [sku: string, baskets: number][]): {
  readonly counted: ReadonlyMap<string, number>
  readonly missedAtMost: number
} {
  const sorted = frequencies.sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  return { counted: new Map(sorted.slice(0, countedSkus)), missedAtMost: sorted[countedSkus]?.[1] ?? 0 }
}

interface Pair {
  readonly first: string
  readonly second: string
  readonly together: number
}

/** Adds the pairs of counted SKUs in a basket. Returns how many. */
function countPairs(
  skus: readonly string[],
  counted: ReadonlyMap<string, number>,
  pairs: Map<string, Map<string, number>>
): number {
  const known = skus.filter((sku) => counted.has(sku)).sort(byCode)
  for (const [at, first] of known.entries()) {
    let partners = pairs.get(first)
    if (partners === undefined) {
      partners = new Map()
      pairs.set(first, partners)
    }
    for (const second of known.slice(at + 1)) partners.set(second, (partners.get(second) ?? 0) + 1)
  }
  return (known.length * (known.length - 1)) / 2
}

/** The most frequent pairs first. */
function ranked(pairs: ReadonlyMap<string, ReadonlyMap<string, number>>): Pair[] {
  return [...pairs]
    .flatMap(([first, partners]) => [...partners].map(([second, together]) => ({ first, second, together })))
    .sort((a, b) => b.together - a.together || byCode(a.first, b.first) || byCode(a.second, b.second))
}

function byCode(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
