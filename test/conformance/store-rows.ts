import type { KeyValueStore, SessionStore, Topology, WindowStore } from '../../index.ts'
import type { TopologyTestDriver } from '../../testing.ts'
import type { Json, StoreRow } from './case.ts'

/** The rows of a store as the cases list them. */
export function readStore(driver: TopologyTestDriver, topology: Topology, name: string): StoreRow[] {
  const definition = topology.stores.get(name)
  if (definition === undefined) return []
  const store: unknown = driver.stateStore(name)
  switch (definition.kind) {
    case 'key-value':
      return [...(store as KeyValueStore<string, Json>).all()].map((row) => ({ ...row }))
    case 'window': {
      const rows = [...(store as WindowStore<string, Json>).all()].map(
        ({ key, start, value, timestamp }) => ({
          key,
          start,
          end: start + definition.windowSizeMs,
          value,
          timestamp
        })
      )
      return rows.sort(compare)
    }
    case 'session':
      return [...(store as SessionStore<string, Json>).fetchRange(null, null)]
        .map(({ key, start, end, value, timestamp }) => ({ key, start, end, value, timestamp }))
        .sort(compare)
    case 'versioned':
      return []
  }
}

function compare(a: { key: string; start: number }, b: { key: string; start: number }): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1
  return a.start - b.start
}
