import { expect, it } from 'vitest'
import { Random } from './random.ts'
import { makeReplicasPlan } from './replicas-plan.ts'

const plan = (seed: number, seconds = 600) => makeReplicasPlan(new Random(seed, 'plan'), seconds, 6_000)

it('goes through all sizes, with every kind of blow, in the time that is given', () => {
  const steps = plan(7)
  expect(steps.flatMap((step) => (step.kind === 'scale' ? [step.to] : []))).toEqual([3, 2, 4, 1])
  expect(new Set(steps.map(({ kind }) => kind))).toEqual(
    new Set(['scale', 'kill', 'term', 'freeze', 'broker'])
  )
  const took = steps.reduce((sum, { afterMs }) => sum + afterMs, 0)
  expect(took).toBeGreaterThan(400_000)
  expect(took).toBeLessThan(700_000)
})

it('is the same for a seed, another for another, and there even for a short time', () => {
  expect(plan(7)).toEqual(plan(7))
  expect(plan(7)).not.toEqual(plan(8))
  expect(plan(7, 10)).toHaveLength(8)
})
