import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode, StreamsError } from '../core/errors.ts'
import type { Engine, EngineKind } from './engine.ts'
import type { EngineOptions } from './engines/engine-options.ts'
import { openEngine } from './engines/open-engine.ts'
import { openStore } from './open-store.ts'
import { setAside } from './set-aside.ts'
import type { StateStore } from './state-store.ts'
import type { StoreDefinition } from './store-definition.ts'
import type { StoreOptions } from './stores/store-options.ts'

/** Stands in the directory of an engine that was found damaged while it was open, and says how. */
const damageMark = 'DAMAGED'

/**
 * Opens the engine in `directory`. A damaged one, be it that it does not open or that it was found damaged when it was open the last time, is
 * set aside, told to `onSetAside` with its new place and why, and an empty one opened instead.
 */
export async function openEngineOrSetAside(
  kind: EngineKind | 'auto',
  directory: string,
  options: EngineOptions,
  onSetAside: (place: string, reason: unknown) => void
): Promise<Engine> {
  const marked = { ...options, onDamage: (damage: StreamsError) => markDamaged(directory, damage) }
  const found = await damageFound(directory)
  try {
    if (found !== undefined) throw new StreamsError('STORE_CORRUPT', found)
    return await openEngine(kind, directory, marked)
  } catch (error) {
    if (!hasCode(error, 'STORE_CORRUPT')) throw error
    onSetAside(await setAside(directory), error)
    return openEngine(kind, directory, marked)
  }
}

/** Damage may show only when a block is read. The engine would open the next time as if nothing were wrong with it. */
function markDamaged(directory: string, damage: StreamsError): void {
  try {
    writeFileSync(join(directory, damageMark), damage.message)
  } catch {
    // the damage itself is thrown
  }
}

async function damageFound(directory: string): Promise<string | undefined> {
  try {
    return await readFile(join(directory, damageMark), 'utf8')
  } catch {
    return undefined
  }
}

export interface TaskStoreOptions {
  readonly engine: EngineOptions
  readonly store: StoreOptions
  /** Told when the store found there could not be used, before an empty one takes its place. */
  readonly onSetAside?: (place: string, reason: unknown) => void
}

export interface OpenedTaskStore {
  readonly store: StateStore
  readonly engine: Engine
  /** Where a store that could not be used is now; the one opened is empty then and has to be restored from the start. */
  readonly setAside: string | undefined
}

/** Opens a task's store and the engine under it. What is damaged or of another engine or format is set aside. */
export async function openTaskStore(
  definition: StoreDefinition,
  kind: EngineKind | 'auto',
  directory: string,
  options: TaskStoreOptions
): Promise<OpenedTaskStore> {
  let place: string | undefined
  const onSetAside = (newPlace: string, reason: unknown) => {
    place = newPlace
    options.onSetAside?.(newPlace, reason)
  }
  const engineOptions = { name: definition.name, ...options.engine }
  const engine = await openEngineOrSetAside(kind, directory, engineOptions, onSetAside)
  try {
    return { store: openStore(definition, engine, options.store), engine, setAside: place }
  } catch (error) {
    await engine.close().catch(() => undefined)
    if (!hasCode(error, 'STORE_CORRUPT') || place !== undefined || engine.kind === 'memory') throw error
    onSetAside(await setAside(directory), error)
  }
  const fresh = await openEngineOrSetAside(kind, directory, engineOptions, onSetAside)
  return { store: openStore(definition, fresh, options.store), engine: fresh, setAside: place }
}
