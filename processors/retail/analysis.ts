import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import {
  json,
  type KeyValueStore,
  type KeyValueStoreDefinition,
  keyValueStore,
  type Processor,
  type ProcessorContext,
  type Serde,
  string
} from '../../index.ts'

/** A group whose rows have to be worked out again. Times are ms; `timestamp` is event time. */
const Waiting = z.object({ sinceMs: z.int(), changedMs: z.int(), timestamp: z.int() })
type Waiting = z.infer<typeof Waiting>

/** The stores that an analysis has besides its own. */
export interface Publication<V> {
  readonly waiting: KeyValueStoreDefinition<string, Waiting>
  readonly published: KeyValueStoreDefinition<string, V>
}

export function publication<V>(name: string, value: Serde<V>): Publication<V> {
  return {
    waiting: keyValueStore({ name: `waiting-${name}`, key: string(), value: json(Waiting), cached: true }),
    published: keyValueStore({ name: `published-${name}`, key: string(), value, cached: true })
  }
}

/** What one analysis does. Its events and its rows come in groups, such as those of a store. */
export interface Analysis<E, V> {
  /** Takes an event into its stores. Returns the group whose rows change with it, null if none do. */
  take(event: E, key: string, timestamp: number): string | null
  /** The rows of a group as they are now. Their keys begin with the group's and a slash. */
  rows(group: string): Iterable<readonly [key: string, row: V]>
}

export interface AnalysisOptions {
  /** How long nothing of a group must have changed before its rows are worked out, ms. Default 3,000: by then its files are read. */
  readonly quietMs?: number
}

/** Groups that never rest are worked out all the same. */
const longestMs = 120_000
const lookEveryMs = 500

/**
 * Keeps the rows of an analysis true, in whatever order its events come and whatever they take back: the rows of a group are worked out again from
 * its stores when it has come to rest, rather than with each event, and those that differ from what was published go out, with a null for
 * each that is no more. What is not worked out yet is in a store, so a restart loses nothing.
 */
export function analysis<E, V>(
  { waiting, published }: Publication<V>,
  make: (context: Pick<ProcessorContext<string, V | null>, 'store'>) => Analysis<E, V>,
  { quietMs = 3000 }: AnalysisOptions = {}
): () => Processor<string, E, string, V | null> {
  return () => {
    let groups: KeyValueStore<string, Waiting>
    let rows: KeyValueStore<string, V>
    let own: Analysis<E, V>
    return {
      init(context) {
        groups = context.store(waiting)
        rows = context.store(published)
        own = make(context)
        context.schedule(lookEveryMs, 'wall-clock', (now) => {
          for (const { key: group, value } of [...groups.all()]) {
            if (now - value.changedMs < quietMs && now - value.sinceMs < longestMs) continue
            publish(group, own.rows(group), rows, value.timestamp, context)
            groups.delete(group, value.timestamp)
          }
        })
      },
      process({ key, value, timestamp }, context) {
        if (key === null) return
        const group = own.take(value, key, timestamp)
        if (group === null) return
        const now = context.wallClock()
        const before = groups.get(group)
        // many records a moment; the look-out is no finer
        if (before !== null && now - before.changedMs < lookEveryMs && timestamp <= before.timestamp) return
        const latest = Math.max(timestamp, before?.timestamp ?? 0)
        groups.put(group, { sinceMs: before?.sinceMs ?? now, changedMs: now, timestamp: latest }, timestamp)
      }
    }
  }
}

function publish<V>(
  group: string,
  now: Iterable<readonly [string, V]>,
  published: KeyValueStore<string, V>,
  timestamp: number,
  context: ProcessorContext<string, V | null>
): void {
  const gone = new Map<string, V>()
  for (const { key, value } of under(published, group)) gone.set(key, value)
  const tell = (key: string, value: V | null): void => {
    published.put(key, value, timestamp)
    context.forward({ key, value, timestamp, headers: [] })
  }
  for (const [key, row] of now) {
    const former = gone.get(key)
    gone.delete(key)
    if (!isDeepStrictEqual(former, row)) tell(key, row)
  }
  for (const key of gone.keys()) tell(key, null)
}

/** The entries whose keys begin with the prefix and a slash. */
export function under<V>(store: Pick<KeyValueStore<string, V>, 'range'>, prefix: string) {
  // 0 comes after the slash
  return store.range(`${prefix}/`, `${prefix}0`)
}
