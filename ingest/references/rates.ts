import { ExchangeRate, RATE_SCALE } from '../../processors/retail/model.ts'
import type { ReferenceFile } from './reference-file.ts'

/** `valid_from` says when a rate comes into force. */
export const ratesFile: ReferenceFile<ExchangeRate> = {
  object: 'reference/rates.csv',
  columns: ['currency', 'rate'],
  identifiers: [],
  schema: ExchangeRate,
  hasHistory: true,
  value: (column) => ({ currency: column('currency'), rate: parseRate(column('rate') ?? '') }),
  key: (rate) => rate.currency
}

const decimals = Math.log10(RATE_SCALE)
const rate = new RegExp(`^(\\d+)(?:\\.(\\d{1,${decimals}}))?$`)

/** A decimal number as whole parts of RATE_SCALE; undefined for what is none, or has more decimals. */
function parseRate(text: string): number | undefined {
  const match = rate.exec(text)
  return match === null ? undefined : Number(`${match[1]}${(match[2] ?? '').padEnd(decimals, '0')}`)
}
