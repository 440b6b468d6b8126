import type { Figures } from '../case.ts'
import { Scene, type SceneSettings } from './scene.ts'

/** One of two replicas is killed: when its tasks are heard of again, and what the other had to restore for that. */
export function failover(settings: SceneSettings): Promise<Figures> {
  return Scene.with(settings, async (scene) => {
    const { partitions, standbys } = settings
    const first = await scene.replica()
    await scene.until('the first one runs', () => first.status.running.length === 2 * partitions)
    const second = await scene.replica()
    scene.feed()
    await scene.until('they share the tasks, and copies are open', () =>
      [first, second].every(
        ({ status }) => status.running.length === partitions && status.copies === (standbys * partitions) / 2
      )
    )
    await scene.until('all is processed', () => first.status.records >= 0 && first.status.records < 2_000)
    const lost = scene.stateful(second)
    const killed = performance.now()
    await second.kill()
    await scene.until('the other runs all', () => first.status.running.length === 2 * partitions)
    const again = performance.now()
    await scene.until('its tasks are heard of', () => scene.gaps.allHeard(lost, again))
    const restores = first.restores.filter(({ at }) => at > killed)
    return {
      'gap ms': scene.gaps.longest(lost, killed, performance.now()),
      'records restored': restores.reduce((sum, { records }) => sum + records, 0)
    }
  })
}
