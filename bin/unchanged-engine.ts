import type { Engine, EngineEntry, EngineProperties } from '../state/engine.ts'

/** An engine to look into: what is written to it is left out, so that opening and closing a store leave it as it was found. */
export class UnchangedEngine implements Engine {
  readonly kind: Engine['kind']
  readonly dropsRanges: boolean
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
    this.kind = engine.kind
    this.dropsRanges = engine.dropsRanges
  }

  getSync(key: Buffer): Buffer | undefined {
    return this.#engine.getSync(key)
  }

  multiGetSync(keys: readonly Buffer[]): (Buffer | undefined)[] {
    return this.#engine.multiGetSync(keys)
  }

  scanSync(from: Buffer, to: Buffer | undefined, reverse: boolean, limit: number): EngineEntry[] {
    return this.#engine.scanSync(from, to, reverse, limit)
  }

  writeBatchSync(): void {}

  deleteRangeSync(): void {}

  properties(): EngineProperties {
    return this.#engine.properties()
  }

  close(): Promise<void> {
    return this.#engine.close()
  }
}
