import type { Readable } from 'node:stream'
import type { z } from 'zod'
import { StreamsError } from '../index.ts'
import { parseRows } from '../processors/retail/csv/parse-rows.ts'
import { Product, Store } from '../processors/retail/model.ts'
import { parseAmount } from '../processors/retail/parse-amount.ts'
import { openRows } from './row-source.ts'

/** A kind of reference file: which columns it has, in any order, and what a row of it is. */
export interface ReferenceFile<T> {
  readonly columns: readonly string[]
  readonly schema: z.ZodType<T>
  /** The value that the row stands for, before the schema has checked it. */
  value(column: (name: string) => string, country: string): unknown
  key(value: T): string
}

export const storesFile: ReferenceFile<Store> = {
  columns: ['store_id', 'name', 'city', 'region', 'category', 'chain'],
  schema: Store,
  value: (column, country) => ({
    country,
    storeId: column('store_id'),
    name: column('name'),
    city: column('city'),
    region: column('region'),
    category: column('category'),
    chain: column('chain') || null
  }),
  key: (store) => `${store.country}/${store.storeId}`
}

export const productsFile: ReferenceFile<Product> = {
  columns: ['sku', 'name', 'brand', 'category', 'subcategory', 'list_price'],
  schema: Product,
  value: (column, country) => ({
    country,
    sku: column('sku'),
    name: column('name'),
    brand: column('brand'),
    category: column('category'),
    subcategory: column('subcategory'),
    listPrice: parseAmount(column('list_price'))
  }),
  key: (product) => `${product.country}/${product.sku}`
}

/**
 * Reads a reference file and hands over its good rows. Returns what is wrong with the first bad one, or null.
 * Throws FILE_UNREADABLE when columns are missing.
 */
export async function readReference<T>(
  file: ReferenceFile<T>,
  body: Readable,
  country: string,
  take: (key: string, value: T) => void
): Promise<{ readonly rows: number; readonly problem: string | null }> {
  const source = await openRows(body)
  const positions = columnPositions(file.columns, source.header)
  let problem: string | null = null
  let rows = 0
  for await (const chunk of source.chunks) {
    rows += chunk.rows
    parseRows(chunk.text, chunk.firstRow, {
      row(fields, row) {
        const column = (name: string) => fields[positions.get(name) as number] ?? ''
        const result = file.schema.safeParse(file.value(column, country))
        if (result.success) take(file.key(result.data), result.data)
        else problem ??= `row ${row}: ${describe(result.error)}`
      },
      malformed(reason, row) {
        problem ??= `row ${row} ${reason}`
      }
    })
  }
  return { rows, problem }
}

function columnPositions(columns: readonly string[], header: string): Map<string, number> {
  const positions = new Map<string, number>()
  parseRows(header, 1, {
    row(names) {
      for (const [i, name] of names.entries()) positions.set(name.trim().toLowerCase(), i)
    },
    malformed: () => {}
  })
  const missing = columns.filter((column) => !positions.has(column))
  if (missing.length > 0)
    throw new StreamsError('FILE_UNREADABLE', `its header line lacks ${missing.join(', ')}`)
  return positions
}

function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
}
