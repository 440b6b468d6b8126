import { expect, it } from 'vitest'
import { comparison, type SideFigures } from './comparison-table.ts'

const figures: SideFigures = {
  secondHalf: 100_000,
  whole: 80_000,
  perSecond: 50_000,
  rssMiB: 100,
  brokerCpuSeconds: 1
}
const fast: SideFigures = { ...figures, secondHalf: 600_000, rssMiB: 30 }

it.each<[string, SideFigures, SideFigures, boolean, string]>([
  ['is met', fast, figures, true, '6.0 (≥ 5)'],
  ['is missed', figures, figures, false, '1.0 (≥ 5, missed)'],
  ['has no figure of ours', { ...fast, secondHalf: undefined }, figures, false, 'missing, missed'],
  ['has no figure of the peer', fast, { ...figures, secondHalf: undefined }, false, 'missing, missed'],
  ['has no memory', { ...fast, rssMiB: undefined }, figures, false, 'missing, missed'],
  ['has a peer that did nothing', fast, { ...figures, secondHalf: 0 }, false, 'missing, missed']
])('what is asked for %s', (_, ours, peer, met, shown) => {
  const asked = { secondHalf: 5, memory: 0.4 }
  const compared = comparison([{ name: 'stateless, ALO', asked, ours, peer }])
  expect(compared.met).toBe(met)
  expect(compared.text).toContain(shown)
})

it('a figure that nothing is asked of may be missing', () => {
  const none = { ...figures, whole: undefined, perSecond: undefined, brokerCpuSeconds: undefined }
  const compared = comparison([
    { name: 'stateless, ALO', asked: { secondHalf: 5 }, ours: { ...none, secondHalf: 600_000 }, peer: none }
  ])
  expect(compared.met).toBe(true)
  expect(compared.text).not.toContain('missing')
})
