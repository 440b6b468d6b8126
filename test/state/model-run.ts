import type { EngineKind } from '../../state/engine.ts'

/** How a store is run against its model. */
export interface ModelRun {
  readonly engine: EngineKind
  readonly cached: boolean
  readonly seed: number
  /** Asked before each operation. */
  readonly goOn: (step: number) => boolean
  readonly directory: string
}
