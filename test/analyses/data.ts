import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { foodmartData } from '../../bin/foodmart/foodmart.ts'

/** Writes FoodMart's files, or a copy of a folder's, laid out as BUCKET/STORE/FILE.csv. */
export async function layOut(folder: string, data: string | undefined): Promise<void> {
  if (data !== undefined) return cp(data, folder, { recursive: true })
  for (const { bucket, key, content } of await foodmartData()) {
    const path = join(folder, bucket, key)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
}

const everyFile = 7
const droppedRow = 5
const doubledRow = 9
const dearerRow = 13
/** What the columns of prices and amounts are called. */
const prices = ['sales', 'amount', 'UnitPrice']
const changedDelivery = 11

/**
 * Corrects every seventh file of sales: some rows are gone, some are there twice, some are far too dear. The last of each bucket keeps its first
 * row only, and some deliveries are larger. Returns how many files are other ones now.
 */
export async function correct(folder: string): Promise<number> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.csv'))
  const inventories = files.filter((name) => name.endsWith('/reference/inventory.csv'))
  const sales = files.filter((name) => !name.includes('/reference/')).sort(byDay)
  const last = new Set(new Map(sales.map((name) => [bucketOf(name), name])).values())
  const corrected = sales.filter((name, at) => at % everyFile === 0 && !last.has(name))
  for (const name of corrected)
    await rewrite(join(folder, name), (line, row, header) => {
      if (row % droppedRow === 0) return ''
      if (row % doubledRow === 0) return line + line
      return row % dearerRow === 0 ? dearer(line, header) : line
    })
  for (const name of last) await rewrite(join(folder, name), (line, row) => (row === 1 ? line : ''))
  for (const name of inventories)
    await rewrite(join(folder, name), (line, row) =>
      row % changedDelivery === 0
        ? line.replace(/(\d+)(?:\.\d+)?\n$/, (_, units) => `${Number(units) + 5}\n`)
        : line
    )
  return corrected.length + last.size + inventories.length
}

/** By their names without the store: months or days. */
function byDay(a: string, b: string): number {
  const [one, other] = [a, b].map((name) => name.split('/').slice(2).join('/')) as [string, string]
  return one === other ? (a < b ? -1 : 1) : one < other ? -1 : 1
}

function bucketOf(name: string): string {
  return name.split('/')[0] ?? ''
}

/** A digit more in front. Only of rows without quotes, whose columns are easily found. */
function dearer(line: string, header: string): string {
  const at = header
    .trim()
    .split(',')
    .findIndex((name) => prices.includes(name))
  if (at < 0 || line.includes('"')) return line
  const fields = line.split(',')
  if (/^\d/.test(fields[at] ?? '')) fields[at] = `9${fields[at]}`
  return fields.join(',')
}

/** Rows are counted from 1. */
async function rewrite(
  path: string,
  change: (line: string, row: number, header: string) => string
): Promise<void> {
  const [header = '', ...lines] = (await readFile(path, 'utf8')).split(/(?<=\n)/)
  const broken = lines.find((line) => (line.match(/"/g) ?? []).length % 2 === 1)
  if (broken !== undefined) throw new Error(`${path} has a row of several lines, which this cannot correct`)
  await writeFile(path, header + lines.map((line, at) => change(line, at + 1, header)).join(''))
}
