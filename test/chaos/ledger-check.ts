import pg from 'pg'
import { decimal } from '../../bin/figures.ts'
import type { PlaceReport } from '../../bin/reconcile.ts'
import { makeReport, type Places } from '../../bin/report.ts'
import type { CaseResult } from './case.ts'
import { categoryOf, type LedgerFile } from './ledger-data.ts'

/** Rows and money, ten-thousandths, by whatever. */
type Sums = Map<string, { rows: number; net: bigint }>

interface Expected {
  readonly input: Sums
  readonly lineItems: Sums
  readonly deadLetters: Sums
  readonly storeDays: Sums
  readonly skuDays: Sums
  readonly categoryDays: Sums
}

/** What the last versions of the files come to; shares no code with what it is held against. */
export function expectedLedger(files: readonly LedgerFile[]): Expected {
  const expected: Expected = {
    input: new Map(),
    lineItems: new Map(),
    deadLetters: new Map(),
    storeDays: new Map(),
    skuDays: new Map(),
    categoryDays: new Map()
  }
  for (const { country, storeId, versions } of files)
    for (const { sale, market, net } of versions.at(-1) ?? []) {
      add(expected.input, market, net)
      add(sale === undefined ? expected.deadLetters : expected.lineItems, market, net)
      if (sale === undefined) continue
      add(expected.storeDays, `${country} ${storeId} ${sale.day}`, net)
      add(expected.skuDays, `${country} ${sale.sku} ${market} ${sale.day}`, net)
      add(expected.categoryDays, `${country} ${categoryOf(sale.sku)} ${market} ${sale.day}`, net)
    }
  return expected
}

function add(sums: Sums, key: string, net: bigint): void {
  const sum = sums.get(key)
  if (sum === undefined) sums.set(key, { rows: 1, net })
  else {
    sum.rows++
    sum.net += net
  }
}

/** Holds every place against what was put into the buckets. */
export async function checkLedger(places: Places, files: readonly LedgerFile[]): Promise<CaseResult[]> {
  const expected = expectedLedger(files)
  const { report } = await makeReport(places)
  const details = await detailedLedgers(places.databaseUrl)
  const { rows, net } = overall(expected.lineItems)
  return [
    compared('input', expected.input, byCountry(report.input)),
    compared('line items', expected.lineItems, byCountry(report.lineItems)),
    compared('dead letters', expected.deadLetters, byCountry(report.deadLetters)),
    verdict(
      'store ledger',
      [
        ...differences(new Map([['all', { rows, net }]]), new Map([['all', scaled(report.storeLedger)]])),
        ...differences(expected.storeDays, details.storeDays)
      ],
      `${expected.storeDays.size} days of stores, each as expected`
    ),
    verdict(
      'SKU ledger',
      [
        ...differences(expected.lineItems, byCountry(report.ledgers)),
        ...differences(expected.skuDays, details.skuDays)
      ],
      `${expected.skuDays.size} days of SKUs, each as expected`
    ),
    verdict(
      'category ledger',
      [
        ...differences(expected.lineItems, byCountry(report.categoryLedger)),
        ...differences(expected.categoryDays, details.categoryDays)
      ],
      `${expected.categoryDays.size} days of categories, each as expected`
    ),
    compared('Elasticsearch', expected.lineItems, byCountry(report.elasticsearch)),
    compared('finance lines', expected.lineItems, byCountry(report.finance)),
    verdict(
      'reconciliation',
      [
        ...report.unreconciledFiles.map((file) => `${file} does not agree`),
        ...Object.entries(report.rejectedFiles).map(([file, reason]) => `${file} was rejected: ${reason}`),
        ...(report.refusedBySinks > 0 ? [`sinks refused ${report.refusedBySinks} records`] : []),
        ...(report.reconciled ? [] : ['the report says that they do not agree']),
        ...differences(
          new Map([
            ['input', overall(expected.input)],
            ['ledgers', { rows, net }]
          ]),
          details.reconciled
        ),
        ...missing(files, details.reconciledFiles)
      ],
      `${details.versions} versions of ${files.length} files, all agree`
    )
  ]
}

function missing(files: readonly LedgerFile[], reconciled: ReadonlySet<string>): string[] {
  return files
    .map(({ bucket, key }) => `${bucket}/${key}`)
    .filter((file) => !reconciled.has(file))
    .map((file) => `${file} was not reconciled`)
}

async function detailedLedgers(databaseUrl: string) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const sums = async (statement: string): Promise<Sums> => {
      const { rows } = await client.query<{ key: string; rows: string; net: string }>(statement)
      return new Map(rows.map((row) => [row.key, scaled(row)]))
    }
    const { rows: versions } = await client.query<{ file: string }>('SELECT file FROM reconciliation')
    return {
      storeDays: await sums(
        "SELECT concat_ws(' ', country, store_id, business_day::text) AS key, rows, net FROM store_days WHERE rows <> 0 OR net <> 0"
      ),
      skuDays: await sums(
        "SELECT concat_ws(' ', country, sku, market, business_day::text) AS key, rows, net FROM sku_days WHERE rows <> 0 OR net <> 0"
      ),
      categoryDays: await sums(
        "SELECT concat_ws(' ', country, category, market, business_day::text) AS key, rows, net FROM category_days WHERE rows <> 0 OR net <> 0"
      ),
      reconciled: await sums(
        "SELECT 'input' AS key, coalesce(sum(input_rows), 0) AS rows, coalesce(sum(input_net), 0) AS net FROM reconciliation " +
          "UNION ALL SELECT 'ledgers', coalesce(sum(ledgers_rows), 0), coalesce(sum(ledgers_net), 0) FROM reconciliation"
      ),
      versions: versions.length,
      reconciledFiles: new Set(versions.map(({ file }) => file))
    }
  } finally {
    await client.end()
  }
}

function overall(sums: Sums): { rows: number; net: bigint } {
  let rows = 0
  let net = 0n
  for (const sum of sums.values()) {
    rows += sum.rows
    net += sum.net
  }
  return { rows, net }
}

function byCountry({ countries }: PlaceReport): Sums {
  return new Map(Object.entries(countries).map(([country, sum]) => [country, scaled(sum)]))
}

function scaled({ rows, net }: { readonly rows: number | string; readonly net: string }) {
  const [whole = '0', decimals = ''] = net.split('.')
  return { rows: Number(rows), net: BigInt(whole + decimals.padEnd(4, '0')) }
}

function compared(name: string, expected: Sums, found: Sums): CaseResult {
  const { rows, net } = overall(expected)
  return verdict(name, differences(expected, found), `${rows} rows, ${decimal(net)}`)
}

function differences(expected: Sums, found: Sums): string[] {
  const nothing = { rows: 0, net: 0n }
  return [...new Set([...expected.keys(), ...found.keys()])].flatMap((key) => {
    const want = expected.get(key) ?? nothing
    const have = found.get(key) ?? nothing
    return want.rows === have.rows && want.net === have.net
      ? []
      : [`${key}: ${have.rows} rows, ${decimal(have.net)} instead of ${want.rows}, ${decimal(want.net)}`]
  })
}

const shown = 5

function verdict(name: string, problems: readonly string[], details: string): CaseResult {
  const more = problems.length > shown ? `; and ${problems.length - shown} more` : ''
  return problems.length === 0
    ? { name, passed: true, details }
    : { name, passed: false, details: `${problems.slice(0, shown).join('; ')}${more}` }
}
