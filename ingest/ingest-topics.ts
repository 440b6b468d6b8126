import type { Topic } from '../index.ts'
import type { FileEvent } from '../processors/retail/file-event.ts'
import type {
  Delivery,
  ExchangeRate,
  Expense,
  FileMetadata,
  Product,
  Promotion,
  Store
} from '../processors/retail/model.ts'
import { expensesFile } from './references/expenses.ts'
import { inventoryFile } from './references/inventory.ts'
import { productsFile } from './references/products.ts'
import { promotionsFile } from './references/promotions.ts'
import { ratesFile } from './references/rates.ts'
import type { ReferenceFile } from './references/reference-file.ts'
import { storesFile } from './references/stores.ts'

/** What the ingest reads and writes. */
export interface IngestTopics {
  /** Keyed by bucket. */
  readonly fileEvents: Topic<string, FileEvent>
  /** Notifications that could not be understood, and records of `fileEvents` that are no events. */
  readonly eventDeadLetters: Topic<string, string>
  /** Keyed by `bucket/object`. */
  readonly files: Topic<string, FileMetadata>
  /** Chunks of whole rows, keyed by `country/storeId`; their headers are in `raw-chunk.ts`. */
  readonly rawCsv: Topic<string, string>
  readonly stores: Topic<string, Store>
  readonly products: Topic<string, Product>
  readonly promotions: Topic<string, Promotion>
  readonly expenses: Topic<string, Expense>
  readonly inventory: Topic<string, Delivery>
  readonly rates: Topic<string, ExchangeRate>
}

/** A kind of reference file and where its rows go. */
export interface ReferenceRoute<T = unknown> {
  readonly file: ReferenceFile<T>
  readonly topic: Topic<string, T>
}

/** Where an object's rows go; undefined: it is no reference file that is known. */
export function routeOf(routes: readonly ReferenceRoute[], object: string): ReferenceRoute | undefined {
  return routes.find(({ file }) => object === file.object || object === `${file.object}.gz`)
}

/** All kinds of reference files. A new one is a file in `references/` and a line here. */
export function referenceRoutes(topics: IngestTopics): readonly ReferenceRoute[] {
  const route = <T>(file: ReferenceFile<T>, topic: Topic<string, T>) =>
    ({ file, topic }) as unknown as ReferenceRoute
  return [
    route(storesFile, topics.stores),
    route(productsFile, topics.products),
    route(promotionsFile, topics.promotions),
    route(expensesFile, topics.expenses),
    route(inventoryFile, topics.inventory),
    route(ratesFile, topics.rates)
  ]
}
