import { foodmartFiles } from '../../../bin/foodmart/foodmart-files.ts'
import { FoodmartJar } from '../../../bin/foodmart/foodmart-jar.ts'
import { chooseMethod } from '../../../processors/retail/forecast/choose-method.ts'
import { atLeastZero } from '../../../processors/retail/forecast/rolling-origin.ts'

/*
 * The figures of docs/forecasts.md: FoodMart's last quarter is held out, each method is fitted to the months before it, and its forecasts are held
 * against what was sold.
 *
 *   node test/retail/forecast/holdout.ts
 */

const firstHeldOut = '1998-10'
const heldOut = ['1998-10', '1998-11', '1998-12']

interface Error {
  absolute: number
  signed: number
  sold: number
  series: number
}

const months = (first: string): string[] => {
  const all: string[] = []
  for (let month = first; month < firstHeldOut; ) {
    all.push(month)
    const [year = 0, number = 0] = month.split('-').map(Number)
    month = number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`
  }
  return all
}

/** Net sales by month, of the stores and of the categories. */
async function monthlySales(): Promise<Record<'stores' | 'categories', Map<string, Map<string, number>>>> {
  const files = foodmartFiles(await FoodmartJar.open())
  const categories = new Map<string, string>()
  const found = { stores: new Map(), categories: new Map() }
  const add = (kind: keyof typeof found, name: string, month: string, sales: number) => {
    const known: Map<string, number> = found[kind].get(name) ?? new Map()
    known.set(month, (known.get(month) ?? 0) + sales)
    found[kind].set(name, known)
  }
  for (const { bucket, key, content, reference } of files) {
    const lines = content.toString('utf8').trim().split('\n').slice(1)
    if (key === 'reference/products.csv')
      for (const line of lines) {
        const fields = line.match(/("[^"]*"|[^,]*)(,|$)/g)?.map((field) => field.replace(/,$/, '')) ?? []
        categories.set(fields[0] ?? '', fields[3] ?? '')
      }
    if (reference) continue
    for (const line of lines) {
      const [day = '', store = '', sku = '', , , , sales = ''] = line.split(',')
      add('stores', `${bucket}/${store}`, day.slice(0, 7), Number(sales))
      add('categories', `${bucket}/${categories.get(sku)}`, day.slice(0, 7), Number(sales))
    }
  }
  return found
}

const sales = await monthlySales()
for (const kind of ['stores', 'categories'] as const) {
  const errors = new Map<string, Error>()
  const chosen = new Map<string, number>()
  for (const [, sold] of sales[kind]) {
    const [first = ''] = [...sold.keys()].sort()
    const choice = chooseMethod(months(first).map((month) => sold.get(month) ?? 0))
    if (choice === undefined) continue
    chosen.set(choice.best.forecaster.method, (chosen.get(choice.best.forecaster.method) ?? 0) + 1)
    const group = months(first).length >= 12 ? '21 months' : '9 months'
    for (const [method, trial] of [...choice.byMethod, ['chosen', choice.best] as const])
      for (const part of [group, 'all'])
        for (const [step, month] of heldOut.entries()) {
          const name = `${part} | ${method}`
          const error = errors.get(name) ?? { absolute: 0, signed: 0, sold: 0, series: 0 }
          const forecast = atLeastZero(trial.smoother.forecast(step + 1) ?? 0)
          const actual = sold.get(month) ?? 0
          error.absolute += Math.abs(forecast - actual)
          error.signed += forecast - actual
          error.sold += actual
          error.series += 1 / heldOut.length
          errors.set(name, error)
        }
  }
  console.log(`\n${kind}: chosen ${[...chosen].map(([method, n]) => `${method} ${n}`).join(', ')}`)
  for (const [name, { absolute, signed, sold, series }] of [...errors].sort())
    console.log(
      `${name} | ${Math.round(series)} series | WAPE ${(absolute / sold).toFixed(4)} | bias ${(signed / sold).toFixed(4)}`
    )
}
