import { type Headers, noHeaders } from '../core/record.ts'
import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import { HeldHeaders } from './held-headers.ts'
import type { ForwardChange, OldValues, OperatorContext } from './operator.ts'

/**
 * Puts a value and hands the change on.
 *
 * @param old the value before, as the operator saw it
 * @param timestamp the change's event time
 * @param recordTimestamp that of the record which caused it; a deletion is logged with it
 */
export type TableWriter<K, V> = (
  key: K,
  value: V | null,
  old: V | null,
  timestamp: number,
  recordTimestamp: number,
  headers: Headers
) => void

/**
 * Between an operator and its store: changes go downstream at once where the store is not cached, else when they leave the
 * write buffer. After `TimestampedTupleForwarder`.
 */
export function tableWriter<K, V>(
  store: BufferedKeyValueStore<K, V>,
  downstream: ForwardChange<K, V>,
  oldValues: OldValues,
  context: OperatorContext
): TableWriter<K, V> {
  const held = new HeldHeaders<K>(context, (key) => store.keyText(key))
  const { wanted } = oldValues
  // the change that is being put, until the store has told of it: one that is not cached does so within `put`
  let putting = false
  let before: V | null = null
  let time = 0
  let itsHeaders: Headers = noHeaders
  store.onChange((key, newValue, oldValue, timestamp) => {
    if (putting) {
      putting = false
      downstream(newValue, wanted ? before : null, key, time, itsHeaders, true)
    } else downstream(newValue, wanted ? oldValue : null, key, timestamp, held.take(key, 0, 0), true)
  })
  return (key, value, old, timestamp, recordTimestamp, headers) => {
    putting = true
    before = old
    time = timestamp
    itsHeaders = headers
    try {
      store.put(key, value, value === null ? recordTimestamp : timestamp)
    } catch (error) {
      // a handler may let processing go on
      putting = false
      throw error
    }
    if (!putting) return
    putting = false
    held.keep(key, 0, 0, headers)
  }
}
