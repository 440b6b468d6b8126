import type { KafkaClient } from '../index.ts'
import type { CountryBucket } from '../ingest/buckets.ts'
import type { ObjectStore } from '../ingest/object-store.ts'
import { countInput, type InputCounts } from './count-input.ts'
import {
  deadLetterFigures,
  decimal,
  elasticsearchFigures,
  financeFigures,
  postgresFigures
} from './figures.ts'
import { agree, type PlaceReport, placeReport, reconciliationTable, sumOf, total } from './reconcile.ts'

export interface Places {
  readonly store: ObjectStore
  readonly buckets: readonly CountryBucket[]
  readonly kafka: KafkaClient
  readonly databaseUrl: string
  readonly elasticsearchUrl: string
}

/** Whether everything adds up, and the figures that say so. `input` = `lineItems` + `deadLetters`; all the others = `lineItems`. */
export interface Report
  extends Readonly<
    Record<
      'input' | 'lineItems' | 'ledgers' | 'categoryLedger' | 'elasticsearch' | 'finance' | 'deadLetters',
      PlaceReport
    >
  > {
  readonly reconciled: boolean
  readonly storeLedger: { readonly rows: number; readonly net: string }
  readonly refusedBySinks: number
  readonly unreconciledFiles: readonly string[]
  /** Why files could not be read; none of their rows is in any of the figures. */
  readonly rejectedFiles: Readonly<Record<string, string>>
}

/** @param counted what the files hold, where that is being counted already */
export async function makeReport(
  places: Places,
  counted: Promise<InputCounts> = countInput(places.store, places.buckets)
): Promise<{ readonly report: Report; readonly table: string }> {
  const { buckets, kafka, databaseUrl, elasticsearchUrl } = places
  const countries = [...new Set(buckets.map(({ country }) => country))]
  const [{ counts: input }, tables, search, finance, dead] = await Promise.all([
    counted,
    postgresFigures(databaseUrl, countries),
    elasticsearchFigures(elasticsearchUrl, countries),
    financeFigures(kafka, countries),
    deadLetterFigures(kafka, countries)
  ])
  const { lineItems, ledgers, categoryLedger, storeLedger, unreconciledFiles, rejectedFiles } = tables
  const stores = total(lineItems)
  const reconciled =
    agree([input, sumOf(lineItems, dead.rows)]) &&
    agree([lineItems, ledgers, categoryLedger, search, finance]) &&
    stores.rows === storeLedger.rows &&
    stores.net === storeLedger.net &&
    unreconciledFiles.length === 0 &&
    dead.refusedBySinks === 0
  return {
    report: {
      reconciled,
      input: placeReport(input),
      lineItems: placeReport(lineItems),
      ledgers: placeReport(ledgers),
      categoryLedger: placeReport(categoryLedger),
      storeLedger: { rows: storeLedger.rows, net: decimal(storeLedger.net) },
      elasticsearch: placeReport(search),
      finance: placeReport(finance),
      deadLetters: placeReport(dead.rows),
      refusedBySinks: dead.refusedBySinks,
      unreconciledFiles,
      rejectedFiles: Object.fromEntries(rejectedFiles)
    },
    table: reconciliationTable([
      ['CSV files', input],
      ['dead letters', dead.rows],
      ['line items', lineItems],
      ['ledgers', ledgers],
      ['Elasticsearch', search],
      ['finance', finance]
    ])
  }
}
