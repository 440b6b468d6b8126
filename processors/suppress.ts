import { GrowableBytes } from '../core/bytes.ts'
import { StreamsError } from '../core/errors.ts'
import { noHeaders } from '../core/record.ts'
import type { Serde } from '../core/serde.ts'
import { SortedList } from '../state/sorted-list.ts'
import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import { type BufferedChange, bufferedChangeBytes } from './buffered-change.ts'
import { HashOrder } from './hash-order.ts'
import type { TableToTable } from './operator.ts'
import { originOf } from './record-origin.ts'

/** Until when changes are held back, and how many. */
export interface SuppressRules<K> {
  readonly storeName: string
  /** Where in time a change belongs: its key's window, or undefined for its own time. */
  readonly timeOf: ((key: K) => number) | undefined
  /** How far stream time must be past that, ms. */
  readonly waitMs: number
  readonly maxRecords: number
  readonly maxBytes: number
  readonly whenFull: 'emit-early' | 'shut-down'
  /** A key that came and went meanwhile was never told of. */
  readonly dropTombstones: boolean
}

interface Held<K> {
  readonly id: string
  readonly key: K
  readonly position: string
  readonly change: BufferedChange
}

const version = [{ key: 'v', value: Buffer.of(3) }]

/**
 * Holds changes back, the last of each key, and emits them in order of time. What is held lives in memory, within its own bounds, and in a
 * store, whose changelog is written at commits. After `KTableSuppressProcessorSupplier`.
 */
export function suppress<K, V>(
  rules: SuppressRules<K>,
  keySerde: Serde<K>,
  valueSerde: Serde<V>
): TableToTable<K, V, K, V> {
  return (downstream, context) => {
    const { storeName, timeOf, waitMs, maxRecords, maxBytes } = rules
    const store = context.store(storeName) as unknown as BufferedKeyValueStore<K, BufferedChange>
    context.logHeaders(storeName, (value) => (value === null ? noHeaders : version))
    const scratch = new GrowableBytes(256)
    const held = new Map<string, Held<K>>()
    const inOrder = new SortedList<Held<K>>(({ position }) => position, [])
    const changed = new HashOrder()
    const touched = new Map<string, K>()
    let bytes = 0
    /** About: of the changes that the store has not been told of. */
    let untoldBytes = 0
    let observed: number = context.keepTime(storeName, () => observed)

    const idOf = (key: K) => {
      // the scratch may become another one as it is written to
      const end = keySerde.encode(key, scratch, 0)
      return scratch.buffer.latin1Slice(0, end)
    }
    const bytesOf = (value: V | null) => {
      if (value === null) return null
      const end = valueSerde.encode(value, scratch, 0)
      return Buffer.from(scratch.buffer.subarray(0, end))
    }
    const decoded = (value: Buffer | null) =>
      value === null ? null : valueSerde.decode(value, 0, value.length)
    const hold = (id: string, key: K, change: BufferedChange) => {
      const known = held.get(id)
      const position = known?.position ?? positionOf(change.time, id)
      const next = { id, key, position, change }
      if (known !== undefined) {
        inOrder.delete(position)
        bytes -= bufferedChangeBytes(id.length, known.change)
      }
      held.set(id, next)
      inOrder.add(next)
      bytes += bufferedChangeBytes(id.length, change)
    }
    const mark = (id: string, key: K, change: BufferedChange) => {
      if (touched.has(id)) return
      changed.add(id)
      touched.set(id, key)
      untoldBytes += bufferedChangeBytes(id.length, change)
    }
    const evict = (first: Held<K>) => {
      const { id, key, position, change } = first
      const { newValue, oldValue, origin } = change
      if (newValue !== null || !rules.dropTombstones)
        downstream(decoded(newValue), decoded(oldValue), key, origin.timestamp, origin.headers, true)
      held.delete(id)
      inOrder.delete(position)
      bytes -= bufferedChangeBytes(id.length, change)
      mark(id, key, change)
    }
    const isFull = () => held.size > maxRecords || bytes > maxBytes
    const first = () => inOrder.next('', false)
    // in the order in which Kafka Streams logs it
    const tellStore = () => {
      for (const id of changed.take())
        store.put(touched.get(id) as K, held.get(id)?.change ?? null, context.wallClock())
      touched.clear()
      untoldBytes = 0
    }
    context.beforeCommit(tellStore)
    for (const { key, value } of store.all()) hold(idOf(key), key, value)

    return (newValue, oldValue, key, timestamp, headers) => {
      if (timestamp > observed) observed = timestamp
      const id = idOf(key)
      const known = held.get(id)?.change
      const old = bytesOf(oldValue)
      const change = {
        time: known?.time ?? (timeOf === undefined ? timestamp : timeOf(key)),
        prior: known === undefined ? old : known.prior,
        oldValue: old,
        newValue: bytesOf(newValue),
        origin: originOf(context, timestamp, headers)
      }
      hold(id, key, change)
      mark(id, key, change)
      for (let next = first(); next !== undefined && next.change.time <= observed - waitMs; next = first())
        evict(next)
      for (let next = first(); next !== undefined && isFull(); next = first()) {
        if (rules.whenFull === 'shut-down')
          throw new StreamsError(
            'BUFFER_OVERFLOW',
            `suppress "${storeName}" holds ${held.size} records of ${bytes} bytes, more than it may; raise its bounds or let it emit early`
          )
        evict(next)
      }
      // told early, the store can ask for a commit before its bound is passed
      if (untoldBytes > store.maxBufferedBytes / 4) tellStore()
    }
  }
}

/** By time, then by the bytes of the key. */
function positionOf(time: number, id: string): string {
  return `${time.toString().padStart(16, '0')}${id}`
}
