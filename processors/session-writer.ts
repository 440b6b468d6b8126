import { type Headers, noHeaders } from '../core/record.ts'
import type { Windowed } from '../core/windows.ts'
import type { BufferedSessionStore } from '../state/stores/session.ts'
import { HeldHeaders } from './held-headers.ts'
import type { ForwardChange, OldValues, OperatorContext } from './operator.ts'

/** Like `TableWriter`, for a session of a key. */
export type SessionWriter<K, V> = (
  session: Windowed<K>,
  value: V | null,
  old: V | null,
  recordTimestamp: number,
  headers: Headers
) => void

/**
 * Between an operator and its session store. A session's time is its end. Without a cache its changes carry no headers, with one they do:
 * so it is in Kafka Streams.
 */
export function sessionWriter<K, V>(
  store: BufferedSessionStore<K, V>,
  downstream: ForwardChange<Windowed<K>, V>,
  oldValues: OldValues,
  context: OperatorContext
): SessionWriter<K, V> {
  const held = new HeldHeaders<K>(context, (key) => store.keyText(key))
  const { wanted } = oldValues
  let putting = false
  let before: V | null = null
  store.onChange((key, start, end, newValue, oldValue) => {
    const direct = putting
    putting = false
    const old = direct ? before : oldValue
    const headers = direct ? noHeaders : held.take(key, end, start)
    downstream(newValue, wanted ? old : null, { key, start, end }, end, headers, true)
  })
  return ({ key, start, end }, value, old, recordTimestamp, headers) => {
    putting = true
    before = old
    try {
      store.put(key, start, end, value, recordTimestamp)
    } catch (error) {
      // a handler may let processing go on
      putting = false
      throw error
    }
    if (!putting) return
    putting = false
    held.keep(key, end, start, headers)
  }
}
