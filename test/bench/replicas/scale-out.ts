import { setTimeout as sleep } from 'node:timers/promises'
import type { Figures } from '../case.ts'
import { Scene, type SceneSettings } from './scene.ts'

const watchMs = 10_000

/** A second replica joins: how long the tasks that stay with the first one are silent, and what those that move have still to restore. */
export function scaleOut(settings: SceneSettings): Promise<Figures> {
  return Scene.with(settings, async (scene) => {
    const { partitions } = settings
    const first = await scene.replica()
    await scene.until('the first one runs', () => first.status.running.length === 2 * partitions)
    scene.feed()
    await scene.until('all is processed', () =>
      first.status.records < 0 ? false : first.status.records < 2_000
    )
    const began = performance.now()
    await sleep(watchMs)
    const joined = performance.now()
    const second = await scene.replica()
    const shares = () =>
      first.status.running.length === partitions && second.status.running.length === partitions
    const moved = await scene.until('they share the tasks', shares)
    await sleep(watchMs)
    const stayed = scene.stateful(first)
    const before = scene.gaps.longest(stayed, began, joined)
    const during = scene.gaps.longest(stayed, joined, performance.now())
    return {
      'longest gap before ms': before,
      'while tasks move ms': during,
      'added ms': Math.max(0, during - before),
      'until shared ms': moved,
      'most records left to restore': Math.max(0, ...second.restores.map(({ records }) => records))
    }
  })
}
