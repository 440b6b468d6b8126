import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dashboards, dashboardText } from '../../grafana/dashboards.ts'
import {
  expressionsOf,
  type Period,
  panelCount,
  samplesOf,
  withoutVariables
} from '../../grafana/expressions.ts'
import { startPrometheus } from './prometheus-server.ts'
import { WatchedSystem } from './watched-system.ts'

const folder = join(import.meta.dirname, '..', '..', 'grafana', 'json')
const rateSeconds = 10
const patienceMs = 60_000

const system = new WatchedSystem()
let prometheus: Awaited<ReturnType<typeof startPrometheus>>
let from: number

beforeAll(async () => {
  from = Date.now() / 1000
  await system.start()
  prometheus = await startPrometheus(system.target)
})

afterAll(async () => {
  await prometheus?.stop()
  await system.close()
})

it('the files of the dashboards are those of the code', async () => {
  expect((await readdir(folder)).sort()).toEqual(
    Object.keys(dashboards)
      .map((name) => `${name}.json`)
      .sort()
  )
  for (const [name, dashboard] of Object.entries(dashboards))
    expect(await readFile(join(folder, `${name}.json`), 'utf8'), name).toBe(dashboardText(dashboard))
})

it('every expression of every panel has data, and a misspelt one has none', async () => {
  const expressions = expressionsOf(dashboards)
  expect(expressions.filter(({ expression }) => /or\s+vector/.test(expression))).toEqual([])
  const period = (): Period => ({ from, to: Date.now() / 1000 })
  const has = async (expression: string) =>
    (await samplesOf(prometheus.url, withoutVariables(expression, rateSeconds), period())) > 0
  let without = expressions
  const begun = Date.now()
  for (let turn = 0; without.length > 0 && Date.now() - begun < patienceMs; turn++) {
    // with pauses: days are published when they have come to rest. Forecasts need some months
    if (turn % 5 === 0) await system.sell(turn === 0 ? 6 : 1)
    await setTimeout(2_000)
    const found = await Promise.all(without.map(async (one) => ({ one, data: await has(one.expression) })))
    without = found.filter(({ data }) => !data).map(({ one }) => one)
  }
  expect(without).toEqual([])
  const [first] = expressions
  expect(await has(first?.expression.replace('streams_state{', 'streams_stat{') ?? '')).toBe(false)
  await expect(has('sum(streams_state')).rejects.toThrow('parse error')
  const panels = panelCount(dashboards)
  console.log(
    `${panels} panels in ${Object.keys(dashboards).length} dashboards, ${expressions.length} expressions: all have data`
  )
  expect(panels).toBeGreaterThan(30)
}, 120_000)
