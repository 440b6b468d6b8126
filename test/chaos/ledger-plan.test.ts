import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { expectedLedger } from './ledger-check.ts'
import { contentOf, makeLedgerData } from './ledger-data.ts'
import { makeLedgerPlan, stoppable } from './ledger-plan.ts'
import { Random } from './random.ts'

const { files, steps } = makeLedgerData(new Random(7, 'data'))

it.each([1, 2, 3])(
  'kills as often as asked for, and stops each service once among the kills (seed %i)',
  (seed) => {
    const plan = makeLedgerPlan(new Random(seed, 'plan'), 20)
    expect(plan).toEqual(makeLedgerPlan(new Random(seed, 'plan'), 20))
    expect(plan.filter(({ kind }) => kind === 'kill')).toHaveLength(20)
    const outages = plan.flatMap((blow, at) =>
      blow.kind === 'outage' ? [{ at, service: blow.service }] : []
    )
    expect(outages.map(({ service }) => service).sort()).toEqual([...stoppable].sort())
    expect(outages.at(-1)?.at).toBeLessThan(plan.length - 1)
  }
)

it('feeds every version in its order, some announced again, some not at all', () => {
  const puts = steps.filter(({ kind }) => kind === 'put')
  for (const file of files)
    expect(puts.filter((step) => step.file === file).map(({ version }) => version)).toEqual([
      ...file.versions.keys()
    ])
  const announced = (at: number) =>
    steps.reduce((sum, step) => {
      const same =
        step.kind === 'announce' && step.file === puts[at]?.file && step.version === puts[at]?.version
      return sum + (same ? step.times : 0)
    }, 0)
  const times = puts.map((_, at) => announced(at))
  expect(Math.min(...times)).toBe(0)
  expect(Math.max(...times)).toBeGreaterThan(3)
  expect(files.some(({ versions }) => versions.length === 3)).toBe(true)
})

it('expects what the files say', () => {
  const { input, lineItems, deadLetters } = expectedLedger(files)
  let rows = 0
  for (const file of files) {
    const content = contentOf(file, file.versions.length - 1)
    const text = (file.key.endsWith('.gz') ? gunzipSync(content) : content).toString('utf8')
    rows += text.trimEnd().split('\n').length - 1
  }
  const count = (of: typeof input) => [...of.values()].reduce((sum, one) => sum + one.rows, 0)
  expect(count(input)).toBe(rows)
  expect(count(lineItems) + count(deadLetters)).toBe(rows)
  expect(count(deadLetters)).toBeGreaterThan(0)
})
