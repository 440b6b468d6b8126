import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { parse } from 'csv-parse'
import type { ObjectStore } from '../../ingest/object-store.ts'

/** Sums in ten-thousandths. */
export interface CsvTotals {
  readonly rows: number
  readonly units: bigint
  readonly sales: bigint
  readonly cost: bigint
}

/**
 * Counts and adds up what the sales files in the buckets say, by country. It is what the results of the stream processing are
 * held against, so it shares no code with it: every file goes through a CSV parser from beginning to end, every sum is a BigInt.
 */
export async function countCsv(
  store: ObjectStore,
  buckets: readonly { readonly bucket: string; readonly country: string }[]
): Promise<Map<string, CsvTotals>> {
  const totals = new Map<string, CsvTotals>()
  for (const { bucket, country } of buckets) {
    let sum = totals.get(country) ?? { rows: 0, units: 0n, sales: 0n, cost: 0n }
    for await (const { key } of store.list(bucket)) {
      if (key.startsWith('reference/') || !/\.csv(\.gz)?$/.test(key)) continue
      const file = await countFile(store, bucket, key)
      sum = {
        rows: sum.rows + file.rows,
        units: sum.units + file.units,
        sales: sum.sales + file.sales,
        cost: sum.cost + file.cost
      }
    }
    totals.set(country, sum)
  }
  return totals
}

async function countFile(store: ObjectStore, bucket: string, key: string): Promise<CsvTotals> {
  const object = await store.get(bucket, key)
  if (object === undefined) throw new Error(`${bucket}/${key} was listed, but it is not there`)
  const parser = parse({ bom: true, columns: true, skip_empty_lines: true })
  const onEnd = () => {}
  if (key.endsWith('.gz')) pipeline(object.body, createGunzip(), parser, onEnd)
  else pipeline(object.body, parser, onEnd)
  let rows = 0
  let units = 0n
  let sales = 0n
  let cost = 0n
  for await (const record of parser as AsyncIterable<Record<string, string>>) {
    rows++
    units += tenThousandths(record['units'])
    sales += tenThousandths(record['sales'])
    cost += tenThousandths(record['cost'])
  }
  return { rows, units, sales, cost }
}

function tenThousandths(text: string | undefined): bigint {
  const [, sign, whole, decimals = ''] = /^(-?)(\d+)(?:\.(\d{1,4}))?$/.exec(text ?? '') ?? []
  if (whole === undefined) throw new Error(`${JSON.stringify(text)} is not a decimal number`)
  const value = BigInt(whole + decimals.padEnd(4, '0'))
  return sign === '-' ? -value : value
}
