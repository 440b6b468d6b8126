import type { Engine } from '../engine.ts'
import type { ValueAndTimestamp } from '../state-store.ts'
import type { WindowStoreDefinition } from '../store-definition.ts'
import type { WindowEntry, WindowListener, WindowStore } from '../window-store.ts'
import { inTimeOrder } from './in-time-order.ts'
import { asCommitted, noOptions, type StoreOptions } from './store-options.ts'
import { TimedStore } from './timed.ts'
import { windowLayout } from './timed-layout.ts'
import type { TimedEntry } from './timed-scans.ts'

const highestSequence = 0x7fffffff

/**
 * Values by key and window start. With duplicates each put adds an entry under the next sequence number, as stream joins want it; a null is
 * only logged then, as in Kafka Streams.
 *
 * Scans over several keys go by the bytes of key and start together. That is by key, then start, unless a key goes on where
 * another ends and does so with bytes no higher than those of a start (which begin with two zeros).
 */
export class BufferedWindowStore<K, V> extends TimedStore<K, V> implements WindowStore<K, V> {
  readonly #duplicates: boolean
  readonly #definition: WindowStoreDefinition<K, V>
  readonly #engine: Engine

  constructor(definition: WindowStoreDefinition<K, V>, engine: Engine, options: StoreOptions) {
    const duplicates = definition.retainDuplicates === true
    const { name, key, value, logged, retentionMs } = definition
    const cached = definition.cached && !duplicates
    const reachMs = definition.readsOldest === true ? retentionMs : retentionMs - 1
    super({ name, key, value, logged, cached, retentionMs, reachMs, layout: windowLayout }, engine, options)
    this.#duplicates = duplicates
    this.#definition = definition
    this.#engine = engine
  }

  override committed(): BufferedWindowStore<K, V> {
    return new BufferedWindowStore(asCommitted(this.#definition), this.#engine, noOptions)
  }

  /** Adds a listener. Old values are looked up only when there is one. */
  onChange(listener: WindowListener<K, V>): void {
    this.buffer.onChange((entry, old) => listener(entry.key, entry.time, entry.value, old, entry.timestamp))
  }

  get(key: K, start: number): V | null {
    return this.find(key, start, this.sequence)?.value ?? null
  }

  entry(key: K, start: number): ValueAndTimestamp<V> | null {
    const entry = this.find(key, start, this.sequence)
    return entry === undefined ? null : { value: entry.value as V, timestamp: entry.timestamp }
  }

  put(key: K, value: V | null, start: number, timestamp: number): void {
    if (!this.#duplicates) {
      this.change(key, start, 0, value, timestamp)
      return
    }
    this.checkTime(start)
    this.sequence = this.sequence === highestSequence ? 0 : this.sequence + 1
    // nothing to delete: which of the entries would it be?
    if (value === null) this.logAbsence(key, start, this.sequence, timestamp)
    else this.change(key, start, this.sequence, value, timestamp)
  }

  fetch(key: K, fromStart: number, toStart: number): IterableIterator<WindowEntry<K, V>> {
    return this.scanKey(key, range(fromStart, toStart, false), windowEntry)
  }

  reverseFetch(key: K, fromStart: number, toStart: number): IterableIterator<WindowEntry<K, V>> {
    return this.scanKey(key, range(fromStart, toStart, true), windowEntry)
  }

  fetchRange(
    fromKey: K | null,
    toKey: K | null,
    fromStart: number,
    toStart: number
  ): IterableIterator<WindowEntry<K, V>> {
    return this.scanAll(range(fromStart, toStart, false), fromKey, toKey, windowEntry)
  }

  fetchAll(fromStart: number, toStart: number): IterableIterator<WindowEntry<K, V>> {
    return this.scanAll(range(fromStart, toStart, false), null, null, windowEntry)
  }

  reverseFetchAll(fromStart: number, toStart: number): IterableIterator<WindowEntry<K, V>> {
    return this.scanAll(range(fromStart, toStart, true), null, null, windowEntry)
  }

  fetchAllInTimeOrder(fromStart: number, toStart: number): WindowEntry<K, V>[] {
    return inTimeOrder(this.scanAll(range(fromStart, toStart, false), null, null, asIs), (key) =>
      this.keyText(key)
    ).map(windowEntry)
  }

  all(): IterableIterator<WindowEntry<K, V>> {
    return this.fetchAll(0, Number.MAX_SAFE_INTEGER - 1)
  }

  protected sequenceOf(sub: number): number {
    return sub
  }
}

function range(fromStart: number, toStart: number, reverse: boolean) {
  return {
    from: Math.max(0, fromStart),
    to: Math.min(toStart, Number.MAX_SAFE_INTEGER - 1),
    latestSub: highestSequence,
    reverse
  }
}

function windowEntry<K, V>({ key, time, value, timestamp }: TimedEntry<K, V>): WindowEntry<K, V> {
  return { key, start: time, value, timestamp }
}

function asIs<T>(entry: T): T {
  return entry
}
