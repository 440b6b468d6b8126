import type { EngineKind } from '../../state/engine.ts'
import { runKeyValueModel } from './key-value-model.ts'
import type { ModelRun } from './model-run.ts'
import { runTimedModel } from './timed-model-run.ts'
import { runVersionedModel } from './versioned-model.ts'

export const storeKinds = ['key-value', 'window', 'duplicates', 'session', 'versioned'] as const
export type ModelledStore = (typeof storeKinds)[number]

export interface RandomOperations {
  readonly engine: EngineKind
  readonly kind: ModelledStore
  readonly seed: number
  readonly durationMs: number
  readonly directory: string
}

/** Random operations, restarts among them, on a store and a model of it, for about a while. Rejects where the two differ. Returns how many. */
export async function runRandomOperations(options: RandomOperations): Promise<number> {
  const end = performance.now() + options.durationMs
  const { engine, kind, directory } = options
  let operations = 0
  for (let round = 0; performance.now() < end; round++) {
    await runStore(kind, {
      engine,
      // with an odd step between the seeds, both kinds of room for each
      cached: (round >> 1) % 2 === 0,
      seed: options.seed + round * 7919,
      goOn: (step) => {
        operations++
        return step < 3000 && performance.now() < end
      },
      directory: `${directory}/${round}`
    })
  }
  return operations
}

export function runStore(kind: ModelledStore, run: ModelRun): Promise<void> {
  switch (kind) {
    case 'key-value':
      return runKeyValueModel(run)
    case 'versioned':
      return runVersionedModel(run)
    default:
      return runTimedModel(run, kind)
  }
}
