import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StreamsError, type Topology } from '../index.ts'
import type { Engine } from '../state/engine.ts'
import { openEngine } from '../state/engines/open-engine.ts'
import { openStore } from '../state/open-store.ts'
import type { StateStore } from '../state/state-store.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import { fileName, globalTask, storeDirectory, taskDirectory } from '../state/task-directory.ts'
import { UnchangedEngine } from './unchanged-engine.ts'

/** One task's part of a store, in a state directory. */
export interface StoredPart {
  /** `<sub-topology>_<partition>`, or `global`. */
  readonly task: string
  readonly definition: StoreDefinition
  readonly directory: string
}

export interface StateLocation {
  readonly topology: Topology
  readonly application: string
  readonly stateDirectory: string
}

/** The parts of stores that the state directory has, by task, then store. */
export async function storedParts(location: StateLocation): Promise<readonly StoredPart[]> {
  const { topology, application, stateDirectory } = location
  const definitions = storeDefinitions(topology)
  const found: StoredPart[] = []
  for (const task of await folders(join(stateDirectory, fileName(application)))) {
    const subTopology = topology.subTopologies.find(({ id }) => new RegExp(`^${id}_\\d+$`).test(task))
    const names = task === globalTask ? [...topology.globalStores.keys()] : (subTopology?.stores ?? [])
    const present = new Set(await folders(taskDirectory(stateDirectory, application, task)))
    for (const name of names) {
      const definition = definitions.get(name)
      if (definition === undefined || !present.has(fileName(name))) continue
      found.push({ task, definition, directory: storeDirectory(stateDirectory, application, task, name) })
    }
  }
  return found
}

/** Those of one store. Throws STORE_UNKNOWN for a store that the graph does not have, or that is not in the directory. */
export async function storedPartsOf(location: StateLocation, store: string): Promise<readonly StoredPart[]> {
  const names = [...storeDefinitions(location.topology).keys()].sort()
  if (!names.includes(store))
    throw new StreamsError('STORE_UNKNOWN', `the graph has no store "${store}"; it has ${names.join(', ')}`)
  const parts = (await storedParts(location)).filter(({ definition }) => definition.name === store)
  if (parts.length > 0) return parts
  throw new StreamsError(
    'STORE_UNKNOWN',
    `${location.stateDirectory} has nothing of the store "${store}" of ${location.application}`
  )
}

/** Opens a part, leaving it as it is. Throws STORE_LOCKED while a process has it open, STORE_CORRUPT. */
export async function withPart<T>(
  { definition, directory }: StoredPart,
  use: (store: StateStore, engine: Engine) => T
): Promise<T> {
  const engine = await openEngine('auto', directory, { name: definition.name })
  const unchanged = new UnchangedEngine(engine)
  try {
    return use(openStore(definition, unchanged, { log: undefined, freeze: false }), engine)
  } finally {
    await engine.close()
  }
}

function storeDefinitions(topology: Topology): ReadonlyMap<string, StoreDefinition> {
  const globals = [...topology.globalStores.values()].map(
    ({ name, topic: { key, value } }): StoreDefinition => ({
      kind: 'key-value',
      name,
      key,
      value,
      logged: true,
      cached: true
    })
  )
  return new Map([...topology.stores.values(), ...globals].map((store) => [store.name, store]))
}

async function folders(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
