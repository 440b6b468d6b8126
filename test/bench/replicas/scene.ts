import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PlatformaticClient } from '../../../index.ts'
import { Random } from '../../chaos/random.ts'
import { ReplicasFeeder } from '../../chaos/replicas-feeder.ts'
import { replicasGraph, replicaTopics } from '../../chaos/replicas-graph.ts'
import { ReplicaProcess } from '../../chaos/replicas-process.ts'
import { TaskGaps } from './task-gaps.ts'

export interface SceneSettings {
  readonly brokers: readonly string[]
  readonly partitions: number
  readonly eventsPerSecond: number
  /** Events that are counted before anything is measured: the state. */
  readonly before: number
  /** Rows of 1 KiB in a table that is joined, beside the state that the events make. */
  readonly ballast: number
  readonly standbys: number
  readonly sessionTimeoutMs: number
}

const patienceMs = 300_000

/** Replicas of the chaos case's graph, and its steady input. */
export class Scene {
  readonly client: PlatformaticClient
  readonly feeder: ReplicasFeeder
  readonly gaps: TaskGaps
  readonly settings: SceneSettings
  readonly #prefix: string
  readonly #directory: string
  /** The sub-topology with stores. */
  readonly #stateful: number
  readonly #replicas: ReplicaProcess[] = []
  #failure: Error | undefined

  private constructor(settings: SceneSettings, directory: string) {
    this.settings = settings
    this.#directory = directory
    this.#prefix = `bench-${Date.now().toString(36)}-`
    this.client = new PlatformaticClient({ brokers: [...settings.brokers] })
    const random = new Random(settings.before, 'bench')
    this.feeder = new ReplicasFeeder(this.client, this.#prefix, settings.partitions, random)
    const { totals } = replicaTopics(this.#prefix, settings.partitions)
    const { subTopologies } = replicasGraph(this.#prefix, settings.partitions)
    this.#stateful = subTopologies.find(({ stores }) => stores.length > 0)?.id ?? -1
    this.gaps = new TaskGaps(this.client, totals, this.#stateful, settings.partitions)
  }

  /** Runs the action, and ends everything however it ends. */
  static async with<T>(settings: SceneSettings, action: (scene: Scene) => Promise<T>): Promise<T> {
    const scene = new Scene(settings, await mkdtemp(join(tmpdir(), 'store-sku-bench-replicas-')))
    try {
      await scene.feeder.prepare()
      await scene.feeder.writeBallast(settings.ballast)
      if (settings.before > 0) await scene.feeder.write(settings.before)
      return await action(scene)
    } finally {
      await Promise.all(scene.#replicas.map((replica) => replica.close()))
      await scene.feeder.stop().catch(() => undefined)
      await scene.gaps.close()
      await rm(scene.#directory, { recursive: true, force: true })
    }
  }

  feed(): void {
    this.feeder.start(this.settings.eventsPerSecond, (error) => {
      this.#failure = error
    })
  }

  async replica(): Promise<ReplicaProcess> {
    const { brokers, partitions, standbys, sessionTimeoutMs } = this.settings
    const number = this.#replicas.length + 1
    const place = join(this.#directory, String(number))
    const settings = {
      brokers: brokers.join(','),
      prefix: this.#prefix,
      partitions,
      standbys,
      sessionTimeoutMs
    }
    const replica = new ReplicaProcess(
      `replica ${number}`,
      { ...settings, protocol: 'classic', stateDirectory: place },
      `${place}.log`,
      (line) => process.stderr.write(`${line}\n`)
    )
    this.#replicas.push(replica)
    await replica.start()
    return replica
  }

  /** Resolves with how long it took, ms. */
  async until(what: string, condition: () => boolean): Promise<number> {
    const began = performance.now()
    while (!condition()) {
      if (this.#failure !== undefined) throw this.#failure
      if (performance.now() - began > patienceMs)
        throw new Error(`${what} did not happen in ${patienceMs} ms`)
      await sleep(20)
    }
    return performance.now() - began
  }

  /** The tasks with state among those that a replica runs. */
  stateful({ status }: ReplicaProcess): string[] {
    return status.running.filter((task) => task.startsWith(`${this.#stateful}_`))
  }
}
