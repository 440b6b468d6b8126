import type { CountryBucket } from '../ingest/buckets.ts'

/** Currency and time zone of a country, the zone of its capital or largest city where it has several. */
const countries: Readonly<Record<string, readonly [currency: string, timeZone: string]>> = {
  AR: ['ARS', 'America/Argentina/Buenos_Aires'],
  AT: ['EUR', 'Europe/Vienna'],
  AU: ['AUD', 'Australia/Sydney'],
  BE: ['EUR', 'Europe/Brussels'],
  BR: ['BRL', 'America/Sao_Paulo'],
  CA: ['CAD', 'America/Toronto'],
  CH: ['CHF', 'Europe/Zurich'],
  CL: ['CLP', 'America/Santiago'],
  CN: ['CNY', 'Asia/Shanghai'],
  CO: ['COP', 'America/Bogota'],
  CZ: ['CZK', 'Europe/Prague'],
  DE: ['EUR', 'Europe/Berlin'],
  DK: ['DKK', 'Europe/Copenhagen'],
  ES: ['EUR', 'Europe/Madrid'],
  FI: ['EUR', 'Europe/Helsinki'],
  FR: ['EUR', 'Europe/Paris'],
  GB: ['GBP', 'Europe/London'],
  GR: ['EUR', 'Europe/Athens'],
  HU: ['HUF', 'Europe/Budapest'],
  IE: ['EUR', 'Europe/Dublin'],
  IN: ['INR', 'Asia/Kolkata'],
  IT: ['EUR', 'Europe/Rome'],
  JP: ['JPY', 'Asia/Tokyo'],
  KR: ['KRW', 'Asia/Seoul'],
  MX: ['MXN', 'America/Mexico_City'],
  NL: ['EUR', 'Europe/Amsterdam'],
  NO: ['NOK', 'Europe/Oslo'],
  NZ: ['NZD', 'Pacific/Auckland'],
  PL: ['PLN', 'Europe/Warsaw'],
  PT: ['EUR', 'Europe/Lisbon'],
  RO: ['RON', 'Europe/Bucharest'],
  SE: ['SEK', 'Europe/Stockholm'],
  SG: ['SGD', 'Asia/Singapore'],
  TR: ['TRY', 'Europe/Istanbul'],
  US: ['USD', 'America/New_York'],
  ZA: ['ZAR', 'Africa/Johannesburg']
}

/** As S3 allows them. */
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

/**
 * What is known of a bucket by its name: `sku-gb` is Great Britain's. `settings` says it where the name does not: by name, a country's code, and
 * behind colons currency and time zone where they are others than the country's. Throws an Error that says what is missing.
 */
export function bucketOf(bucket: string, settings: ReadonlyMap<string, string> = new Map()): CountryBucket {
  if (!bucketName.test(bucket))
    throw new Error(`${bucket} cannot be a bucket's name: use 3 to 63 of a-z, 0-9, - and .`)
  const setting = settings.get(bucket) ?? /^sku-([a-z]{2})$/.exec(bucket)?.[1]
  if (setting === undefined)
    throw new Error(`whose is the bucket ${bucket}? Say so with --bucket ${bucket}=GB (or name it sku-gb)`)
  const [code = '', ownCurrency, ownTimeZone] = setting.split(':')
  const country = code.toUpperCase()
  const [currency, timeZone] = [
    ownCurrency ?? countries[country]?.[0],
    ownTimeZone ?? countries[country]?.[1]
  ]
  if (currency === undefined || timeZone === undefined)
    throw new Error(
      `currency and time zone of ${country} are not known here: say --bucket ${bucket}=${country}:EUR:Europe/Paris`
    )
  return { bucket, country, currency, timeZone }
}

/** `NAME=CC` and so on, by name. Throws an Error. */
export function bucketSettings(options: readonly string[]): Map<string, string> {
  return new Map(
    options.map((option) => {
      const at = option.indexOf('=')
      if (at < 1) throw new Error(`--bucket ${option}: write it as NAME=CC`)
      return [option.slice(0, at), option.slice(at + 1)]
    })
  )
}
