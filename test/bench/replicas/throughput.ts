import type { Figures } from '../case.ts'
import { Scene, type SceneSettings } from './scene.ts'

interface ThroughputSettings extends SceneSettings {
  readonly replicas: number
}

/** Events that wait already, through so many replicas. */
export function throughput(settings: ThroughputSettings): Promise<Figures> {
  return Scene.with(settings, async (scene) => {
    const { partitions, before, replicas } = settings
    const began = performance.now()
    const all = await Promise.all(Array.from({ length: replicas }, () => scene.replica()))
    const running = () => all.reduce((sum, { status }) => sum + status.running.length, 0)
    const ready = await scene.until('all tasks run', () => running() === 2 * partitions)
    await scene.until('all is processed', () => all.some(({ status }) => status.records === 0))
    const seconds = (performance.now() - began) / 1000
    return { 'until all tasks run ms': ready, 'events a second PerSecond': before / seconds }
  })
}
