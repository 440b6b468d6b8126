import { StreamsError } from '../../core/errors.ts'
import type { Engine } from '../engine.ts'
import type { SessionEntry, SessionListener, SessionStore } from '../session-store.ts'
import type { SessionStoreDefinition } from '../store-definition.ts'
import { inTimeOrder } from './in-time-order.ts'
import { asCommitted, noOptions, type StoreOptions } from './store-options.ts'
import { TimedStore } from './timed.ts'
import { sessionLayout } from './timed-layout.ts'
import type { TimedEntry } from './timed-scans.ts'

const latest = Number.MAX_SAFE_INTEGER - 1

/** Values by key and session. */
export class BufferedSessionStore<K, V> extends TimedStore<K, V> implements SessionStore<K, V> {
  readonly #definition: SessionStoreDefinition<K, V>
  readonly #engine: Engine

  constructor(definition: SessionStoreDefinition<K, V>, engine: Engine, options: StoreOptions) {
    const { name, key, value, logged, cached, retentionMs } = definition
    const reachMs = retentionMs - 1
    super({ name, key, value, logged, cached, retentionMs, reachMs, layout: sessionLayout }, engine, options)
    this.#definition = definition
    this.#engine = engine
  }

  override committed(): BufferedSessionStore<K, V> {
    return new BufferedSessionStore(asCommitted(this.#definition), this.#engine, noOptions)
  }

  /** Adds a listener. Old values are looked up only when there is one. */
  onChange(listener: SessionListener<K, V>): void {
    this.buffer.onChange((entry, old) =>
      listener(entry.key, entry.sub, entry.time, entry.value, old, entry.timestamp)
    )
  }

  fetchSession(key: K, start: number, end: number): V | null {
    return this.find(key, end, start)?.value ?? null
  }

  findSessions(key: K, earliestEnd: number, latestStart: number): IterableIterator<SessionEntry<K, V>> {
    return this.scanKey(key, range(earliestEnd, latest, latestStart, false), sessionEntry)
  }

  reverseFindSessions(
    key: K,
    earliestEnd: number,
    latestStart: number
  ): IterableIterator<SessionEntry<K, V>> {
    return this.scanKey(key, range(earliestEnd, latest, latestStart, true), sessionEntry)
  }

  findSessionsInTimeOrder(earliestEnd: number, latestEnd: number): SessionEntry<K, V>[] {
    const found = { ...range(earliestEnd, latestEnd, latest, false), keptSegments: true }
    return inTimeOrder(this.scanAll(found, null, null, asIs), (key) => this.keyText(key)).map(sessionEntry)
  }

  fetch(key: K): IterableIterator<SessionEntry<K, V>> {
    return this.findSessions(key, 0, latest)
  }

  fetchRange(fromKey: K | null, toKey: K | null): IterableIterator<SessionEntry<K, V>> {
    return this.scanAll(range(0, latest, latest, false), fromKey, toKey, sessionEntry)
  }

  put(key: K, start: number, end: number, value: V | null, timestamp: number): void {
    if (!Number.isSafeInteger(start) || start < 0 || start > end)
      throw new StreamsError(
        'SERIALIZATION',
        `store ${this.name}: no session starts at ${start}, ends at ${end}`
      )
    this.change(key, end, start, value, timestamp)
  }

  remove(key: K, start: number, end: number, timestamp: number): void {
    this.put(key, start, end, null, timestamp)
  }

  protected sequenceOf(): number {
    return 0
  }
}

function range(earliestEnd: number, latestEnd: number, latestStart: number, reverse: boolean) {
  return {
    from: Math.max(0, earliestEnd),
    to: Math.min(latestEnd, latest),
    latestSub: latestStart,
    reverse
  }
}

function sessionEntry<K, V>(entry: TimedEntry<K, V>): SessionEntry<K, V> {
  const { key, time, sub, value, timestamp } = entry
  return { key, start: sub, end: time, value, timestamp }
}

function asIs<T>(entry: T): T {
  return entry
}
