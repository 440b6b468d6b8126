import {
  json,
  type KeyValueStore,
  type KeyValueStoreDefinition,
  keyValueStore,
  type Processor,
  string
} from '../../index.ts'
import { reconciliationKey, type Stage, Tally } from './reconciliation.ts'

/** What is counted. */
export interface Counted {
  readonly file: string
  readonly revision: number
  readonly country: string
  readonly rows: number
  readonly sales: number
}

const tellEveryMs = 500

/** The store of a stage's counts that were not told yet. */
export function tallyStore(stage: Stage): KeyValueStoreDefinition<string, Tally> {
  return keyValueStore({ name: `tally-${stage}`, key: string(), value: json(Tally), cached: true })
}

/**
 * Counts the rows that pass, by file and revision, and tells the counts twice a second rather than each row. What is not told yet is in
 * the stage's store, so it is committed with the rows themselves and nothing is lost or told twice.
 */
export function tallyRows<V extends Counted>(
  stage: Stage,
  definition: KeyValueStoreDefinition<string, Tally>
): () => Processor<string, V, string, Tally> {
  return () => {
    let store: KeyValueStore<string, Tally>
    return {
      init(context) {
        store = context.store(definition)
        context.schedule(tellEveryMs, 'wall-clock', (now) => {
          for (const { key, value } of [...store.all()]) {
            context.forward({ key, value, timestamp: now, headers: [] })
            store.delete(key, now)
          }
        })
      },
      process({ value, timestamp }) {
        if (value === null) return
        const { file, revision, country } = value
        const key = reconciliationKey(value)
        const before = store.get(key)
        const rows = (before?.rows ?? 0) + value.rows
        const net = (before?.net ?? 0) + value.sales
        store.put(key, { file, revision, country, stage, rows, net }, timestamp)
      }
    }
  }
}
