/** A bucket and the country whose retailers fill it. */
export interface CountryBucket {
  readonly bucket: string
  /** ISO 3166-1 alpha-2. */
  readonly country: string
}

export const storesKey = 'reference/stores.csv'
export const productsKey = 'reference/products.csv'

/** What an object is by its key: `<storeId>/<name>.csv` or `.csv.gz` is a store's sales. */
export type ObjectKind =
  | { readonly kind: 'sales'; readonly storeId: string }
  | { readonly kind: 'reference' }
  /** CSV of no store: somebody put it in the wrong place and should be told. */
  | { readonly kind: 'misplaced' }
  | { readonly kind: 'other' }

const salesKey = /^([^/]+)\/.+\.csv(?:\.gz)?$/i
const csvKey = /\.csv(?:\.gz)?$/i

export function objectKind(key: string): ObjectKind {
  if (key.startsWith('reference/')) return { kind: 'reference' }
  const storeId = salesKey.exec(key)?.[1]
  if (storeId !== undefined) return { kind: 'sales', storeId }
  return { kind: csvKey.test(key) ? 'misplaced' : 'other' }
}
