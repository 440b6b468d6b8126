import { string } from '../../core/serdes/string.ts'
import type { Engine } from '../../state/engine.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openStore } from '../../state/open-store.ts'
import type { KeyValueStoreDefinition } from '../../state/store-definition.ts'
import { Changelog } from './changelog.ts'
import { CountingJson } from './json-serde.ts'

export type Value = { n: number; text?: string; inner?: { list: number[] } }

/** Counts the reads that reach it. */
class CountingEngine extends MemoryEngine {
  reads = 0
  override getSync(key: Buffer): Buffer | undefined {
    this.reads++
    return super.getSync(key)
  }
}

/** A store over an engine that counts, and what its tests do with it. */
export function setUp(changes: Partial<KeyValueStoreDefinition<string, Value>> = {}, bufferBytes = 1 << 20) {
  const value = new CountingJson<Value>()
  const definition: KeyValueStoreDefinition<string, Value> = {
    kind: 'key-value',
    name: 'totals',
    key: string(),
    value,
    logged: true,
    cached: true,
    ...changes
  }
  const engine = new CountingEngine('totals')
  const changelog = new Changelog()
  const open = (over: Engine = engine) => openStore(definition, over, { log: changelog.log, bufferBytes })
  const store = open()
  const commit = () => {
    while (store.flush());
    store.commit(changelog.commit())
  }
  return { store, engine, changelog, value, commit, open }
}
