import type { CountryBucket } from '../../ingest/buckets.ts'
import type { FoodmartJar } from './foodmart-jar.ts'

/** A file as it is uploaded. */
export interface FoodmartFile {
  readonly bucket: string
  readonly key: string
  readonly content: Buffer
  /** Data rows. */
  readonly rows: number
  /** Reference data, which is uploaded first. */
  readonly reference: boolean
}

/** The buckets of FoodMart's countries. */
export const foodmartBuckets: readonly CountryBucket[] = [
  { bucket: 'sku-us', country: 'US', currency: 'USD', timeZone: 'America/Los_Angeles' },
  { bucket: 'sku-mx', country: 'MX', currency: 'MXN', timeZone: 'America/Mexico_City' },
  { bucket: 'sku-ca', country: 'CA', currency: 'CAD', timeZone: 'America/Vancouver' }
]

/** The names that FoodMart's table of exchange rates uses. */
const currencies: Readonly<Record<string, string>> = {
  USD: 'USD',
  'Mexican Peso': 'MXN',
  'Canadian Dollar': 'CAD'
}
const bucketOf: Readonly<Record<string, string>> = { USA: 'sku-us', Mexico: 'sku-mx', Canada: 'sku-ca' }
const chain = 'FoodMart'
const dayLength = 'yyyy-mm-dd'.length
const salesTables = ['sales_fact_1997', 'sales_fact_1998', 'sales_fact_dec_1998']
const inventoryTables = ['inventory_fact_1997', 'inventory_fact_1998']
const salesHeader = 'date,store_id,sku,customer_id,promotion_id,units,sales,cost\n'

interface StoreRow {
  readonly store_id: number
  readonly store_type: string
  readonly store_name: string
  readonly store_city: string
  readonly store_state: string
  readonly store_country: string
}

interface ProductRow {
  readonly product_id: number
  readonly product_class_id: number
  readonly product_name: string
  readonly brand_name: string
  readonly SKU: number
}

interface ProductClassRow {
  readonly product_class_id: number
  readonly product_category: string
  readonly product_subcategory: string
}

interface PromotionRow {
  readonly promotion_id: number
  readonly promotion_name: string
  readonly media_type: string
  readonly start_date: string | null
  readonly end_date: string | null
}

interface AccountRow {
  readonly account_id: number
  readonly account_description: string
}

interface ExpenseRow {
  readonly store_id: number
  readonly account_id: number
  readonly exp_date: string
  readonly category_id: string
}

interface InventoryRow {
  readonly store_id: number
  readonly product_id: number
  readonly time_id: number
}

interface CurrencyRow {
  readonly currency: string
  readonly date: string
}

interface DayRow {
  readonly time_id: number
  readonly the_date: string
}

/** Makes all CSV files out of the tables. The same tables make the same bytes. */
export function foodmartFiles(jar: FoodmartJar): FoodmartFile[] {
  const stores = jar.rows<StoreRow>('store').filter(({ store_type }) => store_type !== 'HeadQuarters')
  const skus = new Map(
    jar.rows<ProductRow>('product').map((row) => [String(row.product_id), String(row.SKU)])
  )
  const days = new Map(
    jar.rows<DayRow>('time_by_day').map((row) => [String(row.time_id), row.the_date.slice(0, dayLength)])
  )
  return [
    ...storeFiles(stores),
    ...productFiles(jar),
    ...promotionFiles(jar),
    ...rateFiles(jar),
    ...expenseFiles(jar),
    ...inventoryFiles(jar, days, skus),
    ...salesFiles(jar, stores, days, skus)
  ]
}

function storeFiles(stores: readonly StoreRow[]): FoodmartFile[] {
  return foodmartBuckets.map(({ bucket }) => {
    const lines = stores
      .filter(({ store_country }) => bucketOf[store_country] === bucket)
      .map((row) =>
        csvLine([String(row.store_id), row.store_name, row.store_city, row.store_state, 'chain', chain])
      )
    return file(bucket, 'reference/stores.csv', 'store_id,name,city,region,category,chain\n', lines, true)
  })
}

function productFiles(jar: FoodmartJar): FoodmartFile[] {
  const classes = new Map(
    jar.rows<ProductClassRow>('product_class').map((row) => [row.product_class_id, row])
  )
  const lines = jar.lines('product').map((line) => {
    const row = JSON.parse(line) as ProductRow
    const of = classes.get(row.product_class_id)
    if (of === undefined) throw new Error(`FoodMart's product ${row.product_id} has no class`)
    return csvLine([
      String(row.SKU),
      row.product_name,
      row.brand_name,
      of.product_category,
      of.product_subcategory,
      numberText(line, 'SRP')
    ])
  })
  const header = 'sku,name,brand,category,subcategory,list_price\n'
  return foodmartBuckets.map(({ bucket }) => file(bucket, 'reference/products.csv', header, lines, true))
}

function promotionFiles(jar: FoodmartJar): FoodmartFile[] {
  const lines = jar.lines('promotion').map((line) => {
    const row = JSON.parse(line) as PromotionRow
    const { promotion_id, promotion_name, media_type } = row
    const days = [row.start_date, row.end_date].map((date) => date?.slice(0, dayLength) ?? '')
    return csvLine([String(promotion_id), promotion_name, media_type, numberText(line, 'cost'), ...days])
  })
  const header = 'promotion_id,name,media,cost,first_day,last_day\n'
  return foodmartBuckets.map(({ bucket }) => file(bucket, 'reference/promotions.csv', header, lines, true))
}

/** To US dollars, by month. */
function rateFiles(jar: FoodmartJar): FoodmartFile[] {
  return foodmartBuckets.map(({ bucket, currency }) => {
    const lines = jar.lines('currency').flatMap((line) => {
      const row = JSON.parse(line) as CurrencyRow
      if (currencies[row.currency] !== currency) return []
      return [csvLine([currency, numberText(line, 'conversion_ratio'), row.date.slice(0, dayLength)])]
    })
    return file(bucket, 'reference/rates.csv', 'currency,rate,valid_from\n', lines, true)
  })
}

/** Booked on the first of each month; the headquarters' among them. */
function expenseFiles(jar: FoodmartJar): FoodmartFile[] {
  const accounts = new Map(
    jar.rows<AccountRow>('account').map((row) => [row.account_id, row.account_description])
  )
  const countries = new Map(jar.rows<StoreRow>('store').map((row) => [row.store_id, row.store_country]))
  return foodmartBuckets.map(({ bucket, currency }) => {
    const lines = jar.lines('expense_fact').flatMap((line) => {
      const row = JSON.parse(line) as ExpenseRow
      if (row.category_id !== 'ACTUAL' || bucketOf[countries.get(row.store_id) ?? ''] !== bucket) return []
      const account = accounts.get(row.account_id) ?? String(row.account_id)
      const day = row.exp_date.slice(0, dayLength)
      return [csvLine([String(row.store_id), account, day, currency, numberText(line, 'amount')])]
    })
    return file(bucket, 'reference/expenses.csv', 'store_id,account,day,currency,amount\n', lines, true)
  })
}

/** What the warehouses sent to the stores, a line per store, SKU and day. */
function inventoryFiles(
  jar: FoodmartJar,
  days: ReadonlyMap<string, string>,
  skus: ReadonlyMap<string, string>
): FoodmartFile[] {
  const countries = new Map(jar.rows<StoreRow>('store').map((row) => [row.store_id, row.store_country]))
  const lines = new Map<string, string[]>(foodmartBuckets.map(({ bucket }) => [bucket, []]))
  for (const table of inventoryTables)
    for (const line of jar.lines(table)) {
      const row = JSON.parse(line) as InventoryRow
      const day = days.get(String(row.time_id))
      const sku = skus.get(String(row.product_id))
      const target = lines.get(bucketOf[countries.get(row.store_id) ?? ''] ?? '')
      if (day === undefined || sku === undefined || target === undefined)
        throw new Error(`FoodMart's ${table} refers to a day, product or store that is not there: ${line}`)
      const units = `${numberText(line, 'units_ordered')},${numberText(line, 'units_shipped')}`
      target.push(`${row.store_id},${sku},${day},${units}\n`)
    }
  const header = 'store_id,sku,day,units_ordered,units_shipped\n'
  return [...lines].map(([bucket, rows]) => file(bucket, 'reference/inventory.csv', header, rows, true))
}

/** Numbers as the text has them: digits, not doubles. Very many lines, so at once. */
const salesLine = new RegExp(
  `^\\{${[
    'product_id',
    'time_id',
    'customer_id',
    'promotion_id',
    'store_id',
    'store_sales',
    'store_cost',
    'unit_sales'
  ]
    .map((name) => `"${name}":(-?\\d+(?:\\.\\d+)?)`)
    .join(',')}\\}$`
)

function salesFiles(
  jar: FoodmartJar,
  stores: readonly StoreRow[],
  days: ReadonlyMap<string, string>,
  skus: ReadonlyMap<string, string>
): FoodmartFile[] {
  const countries = new Map(stores.map((row) => [String(row.store_id), row.store_country]))
  const files = new Map<string, { bucket: string; key: string; lines: string[] }>()
  for (const table of salesTables)
    for (const line of jar.lines(table)) {
      const [, product = '', time = '', customer, promotion, storeId = '', sales, cost, units] =
        salesLine.exec(line) ?? []
      const day = days.get(time)
      const sku = skus.get(product)
      const bucket = bucketOf[countries.get(storeId) ?? '']
      if (day === undefined || sku === undefined || bucket === undefined)
        throw new Error(
          `FoodMart's ${table} is not as expected, or refers to a day, product or store that is not there: ${line}`
        )
      const key = `${storeId}/${day.slice(0, 7)}.csv`
      let target = files.get(key)
      if (target === undefined) {
        target = { bucket, key, lines: [] }
        files.set(key, target)
      }
      target.lines.push(`${day},${storeId},${sku},${customer},${promotion},${units},${sales},${cost}\n`)
    }
  return [...files.values()]
    .sort((a, b) =>
      month(a.key) === month(b.key) ? compare(a.key, b.key) : compare(month(a.key), month(b.key))
    )
    .map(({ bucket, key, lines }) => file(bucket, key, salesHeader, lines, false))
}

/** Uploaded month by month, as the stores would have. */
function month(key: string): string {
  return key.slice(key.indexOf('/') + 1)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function file(
  bucket: string,
  key: string,
  header: string,
  lines: readonly string[],
  reference: boolean
): FoodmartFile {
  return { bucket, key, content: Buffer.from(header + lines.join(''), 'utf8'), rows: lines.length, reference }
}

/** A number as the JSON text has it: digits, not a double. */
function numberText(line: string, name: string): string {
  const mark = `"${name}":`
  const start = line.indexOf(mark) + mark.length
  let end = start
  while (end < line.length && line[end] !== ',' && line[end] !== '}') end++
  const text = line.slice(start, end)
  if (start < mark.length || !/^-?\d+(?:\.\d+)?$/.test(text))
    throw new Error(`FoodMart's data has no number ${name} in ${line}`)
  return text
}

function csvLine(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\n`
}
