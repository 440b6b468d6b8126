import { z } from 'zod'
import { StreamsError } from '../index.ts'
import { country } from '../processors/retail/model.ts'

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

const timeZone = z.string().refine(isTimeZone, 'is no IANA time zone')

/** A bucket, and what its files do not say of themselves: the country whose retailers fill it, and how they write. */
export const CountryBucket = z.object({
  bucket: z.string().min(1),
  /** ISO 3166-1 alpha-2. */
  country,
  /** ISO 4217. */
  currency: z.string().regex(/^[A-Z]{3}$/, 'a currency is three capital letters (ISO 4217)'),
  /** IANA name, such as Europe/London. */
  timeZone,
  /** By store, of those that are in another zone of the country. */
  timeZones: z.record(z.string(), timeZone).optional(),
  /** How text that is not marked as UTF-16 is written. Default `auto`: row by row UTF-8, or windows-1252 where it is not UTF-8. */
  encoding: z.enum(['auto', 'utf-8', 'windows-1252']).optional()
})
export type CountryBucket = z.infer<typeof CountryBucket>

/** By name. Throws CONFIG_INVALID. */
export function bucketsByName(buckets: readonly CountryBucket[]): ReadonlyMap<string, CountryBucket> {
  const byName = new Map<string, CountryBucket>()
  for (const bucket of buckets) {
    const result = CountryBucket.safeParse(bucket)
    if (!result.success)
      throw new StreamsError('CONFIG_INVALID', `bucket ${bucket.bucket}: ${z.prettifyError(result.error)}`)
    if (byName.has(bucket.bucket))
      throw new StreamsError('CONFIG_INVALID', `bucket ${bucket.bucket} is named twice`)
    byName.set(bucket.bucket, bucket)
  }
  return byName
}

/** What an object is by its key: `<storeId>/<name>.csv` or `.csv.gz` is a store's sales. */
export type ObjectKind =
  | { readonly kind: 'sales'; readonly storeId: string }
  | { readonly kind: 'reference' }
  /** CSV of no store: somebody put it in the wrong place and should be told. */
  | { readonly kind: 'misplaced' }
  | { readonly kind: 'other' }

export const referencePrefix = 'reference/'
const salesKey = /^([^/]+)\/.+\.csv(?:\.gz)?$/i
const csvKey = /\.csv(?:\.gz)?$/i

export function objectKind(key: string): ObjectKind {
  if (key.startsWith(referencePrefix)) return { kind: csvKey.test(key) ? 'reference' : 'other' }
  const storeId = salesKey.exec(key)?.[1]
  if (storeId !== undefined) return { kind: 'sales', storeId }
  return { kind: csvKey.test(key) ? 'misplaced' : 'other' }
}
