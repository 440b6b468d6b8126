import { z } from 'zod'
import { json, type KeyValueStore, keyValueStore, string } from '../../index.ts'
import { analysis, publication } from './analysis.ts'
import { type Choice, chooseMethod, horizon } from './forecast/choose-method.ts'
import { methods } from './forecast/forecaster.ts'
import { interval } from './forecast/interval.ts'
import { atLeastZero } from './forecast/rolling-origin.ts'
import { ledgerKey, ledgerParts } from './ledger-key.ts'
import { amount, country } from './model.ts'
import { slicesUnder } from './slices.ts'

const seriesKinds = ['stores', 'categories'] as const
export type SeriesKind = (typeof seriesKinds)[number]

/** What a series sold in a month. */
export const SeriesMonth = z.object({ rows: z.int(), net: amount })
export type SeriesMonth = z.infer<typeof SeriesMonth>

/** A month of a series as it is now (null: nothing is left of it), keyed by its country. */
export const MonthChange = z.object({ series: z.string(), sum: SeriesMonth.nullable() })
export type MonthChange = z.infer<typeof MonthChange>

const series = {
  country,
  kind: z.enum(seriesKinds),
  /** Of the store or category. */
  name: z.string(),
  method: z.enum(methods),
  parameters: z.string(),
  /** The method's errors at the last points of the series: shares of what was sold. See `Accuracy`. */
  wape: z.number().nullable(),
  bias: z.number().nullable()
}
/** A month's net sales as they were or are forecast, with the accuracy of the method. Keyed by `country/kind/name/month`. */
export const Projection = z.object({
  ...series,
  what: z.literal('month'),
  month: z.string().regex(/^\d{4}-\d{2}$/),
  /** Months from the last complete one: 1 is the running month. Months that are over, 0, have the forecast of the month before. */
  horizon: z.int(),
  forecast: amount,
  /** Four of five months are between. */
  low: amount,
  high: amount,
  /** Net sales, of the running month so far; null for months to come. */
  actual: amount.nullable()
})
export type Projection = z.infer<typeof Projection>

/** How good each method is for a series. Keyed by `country/accuracy/kind/name/method`. */
export const MethodAccuracy = z.object({
  ...series,
  what: z.literal('accuracy'),
  /** Points in time from which it was tried. */
  origins: z.int(),
  chosen: z.boolean()
})
export type MethodAccuracy = z.infer<typeof MethodAccuracy>

const ProjectionRow = z.discriminatedUnion('what', [Projection, MethodAccuracy])
export type ProjectionRow = z.infer<typeof ProjectionRow>

/** By `country/kind/name/month`. */
export const seriesMonthsStore = keyValueStore({
  name: 'series-months',
  key: string(),
  value: json(SeriesMonth),
  cached: true
})
export const projectionRows = publication('projections', json(ProjectionRow))

/** What it takes to try the methods on a series, in entries that could be read instead. */
const trialWork = 2_000

/**
 * Monthly net sales of the stores and categories of a country, with forecasts of the running month and the two after it. A country's latest month with
 * sales is the running one; all before are complete. A series begins with its first month; in months without sales it sold nothing.
 */
export const projections = analysis<MonthChange, ProjectionRow>(projectionRows, (context) => {
  const store = context.store(seriesMonthsStore)
  return {
    take({ series: key, sum }, of, timestamp) {
      store.put(key, sum, timestamp)
      return of
    },
    *rows(of) {
      const all = yield* seriesOf(store, of)
      let running = ''
      for (const { months } of all) for (const month of months.keys()) if (month > running) running = month
      for (const one of all) {
        yield* rowsOf(of, one, running)
        yield trialWork
      }
    }
  }
})

interface Series {
  readonly kind: SeriesKind
  readonly name: string
  /** In their order. */
  readonly months: ReadonlyMap<string, number>
}

/** Tells how many entries it has read. */
function* seriesOf(
  store: Pick<KeyValueStore<string, SeriesMonth>, 'range'>,
  of: string
): Generator<number, Series[]> {
  const found = new Map<string, { kind: SeriesKind; name: string; months: Map<string, number> }>()
  for (const slice of slicesUnder(store, of)) {
    for (const { key, value } of slice) {
      const [, kind, name = '', month = ''] = ledgerParts(key)
      const id = `${kind}/${name}`
      const known = found.get(id)
      if (known === undefined)
        found.set(id, { kind: kind as SeriesKind, name, months: new Map([[month, value.net]]) })
      else known.months.set(month, value.net)
    }
    yield slice.length
  }
  return [...found.values()]
}

function* rowsOf(
  of: string,
  { kind, name, months }: Series,
  running: string
): Generator<readonly [string, ProjectionRow]> {
  const [begin = running] = months.keys()
  const complete = monthsFrom(begin, running)
  const choice = chooseMethod(complete.map((month) => months.get(month) ?? 0))
  if (choice === undefined) return
  const { best } = choice
  const own = {
    country: of,
    kind,
    name,
    method: best.forecaster.method,
    parameters: best.forecaster.parameters,
    wape: best.wape,
    bias: best.bias
  }
  const row = (month: string, ahead: number, forecast: number, steps: number): [string, Projection] => {
    const { low, high } = interval(forecast, steps, best.errors)
    const actual = month <= running ? (months.get(month) ?? 0) : null
    const figures = { forecast: Math.round(forecast), low: Math.round(low), high: Math.round(high), actual }
    return [ledgerKey(of, kind, name, month), { ...own, what: 'month', month, horizon: ahead, ...figures }]
  }
  for (const [at, forecast] of best.oneStep) yield row(complete[at] as string, 0, forecast, 1)
  let month = running
  for (let ahead = 1; ahead <= horizon; ahead++) {
    yield row(month, ahead, atLeastZero(best.smoother.forecast(ahead) ?? 0), ahead)
    month = monthAfter(month)
  }
  yield* accuracies(own, choice)
}

function* accuracies(
  own: Pick<MethodAccuracy, 'country' | 'kind' | 'name'>,
  { best, byMethod, origins }: Choice
): Generator<readonly [string, MethodAccuracy]> {
  const { country: of, kind, name } = own
  for (const [method, trial] of byMethod) {
    const { wape, bias, forecaster } = trial
    const accuracy = {
      method,
      parameters: forecaster.parameters,
      wape,
      bias,
      origins,
      chosen: trial === best
    }
    yield [
      ledgerKey(of, 'accuracy', kind, name, method),
      { country: of, kind, name, what: 'accuracy', ...accuracy }
    ]
  }
}

/** The months from one to another, which is not among them. */
function monthsFrom(first: string, end: string): string[] {
  const months: string[] = []
  for (let month = first; month < end; month = monthAfter(month)) months.push(month)
  return months
}

function monthAfter(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`
}
