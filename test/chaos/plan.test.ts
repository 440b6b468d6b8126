import { describe, expect, it } from 'vitest'
import { makePlan } from './plan.ts'
import { Random } from './random.ts'

const blows = { kills: 30, aborts: 10, leaderKills: 5, leaderPauses: 1, zombies: 2 }

describe('the plan of a run', () => {
  it('is the same for a seed, and another for another', () => {
    const plan = (seed: number) => makePlan(new Random(seed, 'plan'), blows, 200_000)
    expect(plan(7)).toEqual(plan(7))
    expect(plan(7)).not.toEqual(plan(8))
  })

  it.each([1, 2, 3, 4, 5])('holds what was asked for, spread over the records (seed %i)', (seed) => {
    const plan = makePlan(new Random(seed, 'plan'), blows, 200_000)
    const count = (...kinds: string[]) => plan.filter(({ blow }) => kinds.includes(blow.kind)).length
    const kills = count('kill', 'kill-at') + 2 * count('kill-twice')
    expect([30, 31]).toContain(kills)
    expect([count('abort'), count('leader'), count('zombie')]).toEqual([10, 6, 2])
    expect(plan.some(({ blow }) => blow.kind === 'leader' && blow.of === 'output')).toBe(true)
    const at = plan.map(({ records }) => records)
    expect(at).toEqual([...at].sort((one, other) => one - other))
    expect(at.at(-1)).toBeLessThan(200_000)
  })

  it('may be empty', () => {
    expect(
      makePlan(new Random(1), { kills: 0, aborts: 0, leaderKills: 0, leaderPauses: 0, zombies: 0 }, 10)
    ).toEqual([])
  })
})
