import type { KeyValueStore, SessionStore, Topology, VersionedStore, WindowStore } from '../../index.ts'
import type { TopologyTestDriver } from '../../testing.ts'
import type { Json, StoreRow } from './case.ts'

/** The rows of a store as the cases list them. */
export function readStore(
  driver: TopologyTestDriver,
  topology: Topology,
  name: string,
  expected: readonly StoreRow[]
): StoreRow[] {
  const definition = topology.stores.get(name)
  const store: unknown = driver.stateStore(name)
  if (definition === undefined)
    return [...(store as KeyValueStore<string, Json>).all()].map((row) => ({ ...row }))
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
      return expected.map((row) => lookedUp(store as VersionedStore<string, Json>, row))
  }
}

/** The same look-up as in the expected row. */
function lookedUp(store: VersionedStore<string, Json>, row: StoreRow): StoreRow {
  const key = row.key as string
  const asOf = row['asOf']
  const found = asOf === undefined ? store.get(key) : store.getAsOf(key, Number(asOf))
  const record = found === null ? null : { value: found.value, timestamp: found.timestamp }
  return asOf === undefined ? { key, latest: record } : { key, asOf, record }
}

function compare(a: { key: string; start: number }, b: { key: string; start: number }): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1
  return a.start - b.start
}
