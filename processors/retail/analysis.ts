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
import { paced } from './paced.ts'
import { slicesUnder } from './slices.ts'

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
  /**
   * The rows of a group as they are now. Their keys begin with the group's and a slash. A number tells how many entries were read or counted since
   * the last one: where there are many, what follows may be left to another callback. No scan may be open there; see `slices`.
   */
  rows(group: string): Iterable<readonly [key: string, row: V] | number>
}

export interface AnalysisOptions {
  /** How long nothing of a group must have changed before its rows are worked out, ms. Default 3,000: by then its files are read. */
  readonly quietMs?: number
}

/** Groups that never rest are worked out all the same. */
const longestMs = 120_000
const lookEveryMs = 500

/** What one callback does at most, counted in entries read: some ten milliseconds, and far less than a write buffer holds. */
const workPerCallback = 20_000
const rowWork = 10
const groupWork = 20

/** A group whose rows are being published. */
interface Job {
  readonly group: string
  /** What is left of it; each step tells how much work it was. */
  readonly steps: Iterator<number, void>
  readonly timestamp: number
  /** It never rests: not begun again when something changes. */
  readonly hasWaitedLong: boolean
  changed: boolean
}

/**
 * Keeps the rows of an analysis true, in whatever order its events come and whatever they take back: the rows of a group are worked out again from
 * its stores when it has come to rest, rather than with each event, and those that differ from what was published go out, with a null for
 * each that is no more. Large groups take several callbacks, and are begun again should they change meanwhile. What is not worked out to the
 * end yet is in a store, so a restart loses nothing, and publishes only what differs still.
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
    /** Groups that were at rest at the last look, the next one last. */
    const due: string[] = []
    let nextLookMs = 0
    let job: Job | undefined

    const dueMs = ({ changedMs, sinceMs }: Waiting) => Math.min(changedMs + quietMs, sinceMs + longestMs)

    const look = (now: number): void => {
      if (now < nextLookMs) return
      // what comes to wait from now on is due no sooner
      nextLookMs = now + quietMs
      for (const { key, value } of groups.all()) {
        if (dueMs(value) <= now) due.push(key)
        else nextLookMs = Math.min(nextLookMs, dueMs(value))
      }
      due.reverse()
    }

    const begin = (group: string, now: number, context: ProcessorContext<string, V | null>) => {
      const value = groups.get(group)
      if (value === null || dueMs(value) > now) return undefined
      const { timestamp } = value
      const steps = publishing(group, own, rows, timestamp, context)
      return { group, steps, timestamp, hasWaitedLong: now - value.sinceMs >= longestMs, changed: false }
    }

    const end = ({ group, timestamp, changed }: Job, now: number): void => {
      const value = changed ? groups.get(group) : null
      if (value === null) groups.delete(group, timestamp)
      else groups.put(group, { ...value, sinceMs: now }, value.timestamp)
    }

    return {
      init(context) {
        groups = context.store(waiting)
        rows = context.store(published)
        own = make(context)
        paced(context, lookEveryMs, (now) => {
          if (job === undefined && due.length === 0) look(now)
          for (let left = workPerCallback; left > 0; left -= groupWork) {
            let current = job
            // should it fail, it begins again
            job = undefined
            for (let group = due.at(-1); current === undefined && group !== undefined; group = due.at(-1)) {
              due.pop()
              current = begin(group, now, context)
            }
            if (current === undefined) return false
            for (let step = current.steps.next(); step.done !== true; step = current.steps.next()) {
              left -= step.value
              if (left > 0) continue
              job = current
              return true
            }
            end(current, now)
          }
          return due.length > 0
        })
      },
      process({ key, value, timestamp }, context) {
        if (key === null) return
        const group = own.take(value, key, timestamp)
        if (group === null) return
        if (job?.group === group) {
          if (job.hasWaitedLong) job.changed = true
          else job = undefined
        }
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

/** Publishes the rows of a group, step by step. */
function* publishing<V>(
  group: string,
  own: Pick<Analysis<never, V>, 'rows'>,
  published: KeyValueStore<string, V>,
  timestamp: number,
  context: ProcessorContext<string, V | null>
): Generator<number, void> {
  const gone = new Map<string, V>()
  for (const slice of slicesUnder(published, group)) {
    for (const { key, value } of slice) gone.set(key, value)
    yield slice.length
  }
  const tell = (key: string, value: V | null): void => {
    published.put(key, value, timestamp)
    context.forward({ key, value, timestamp, headers: [] })
  }
  for (const next of own.rows(group)) {
    if (typeof next === 'number') {
      yield next
      continue
    }
    const [key, row] = next
    const former = gone.get(key)
    gone.delete(key)
    if (!isDeepStrictEqual(former, row)) tell(key, row)
    yield rowWork
  }
  for (const key of gone.keys()) {
    tell(key, null)
    yield rowWork
  }
}

/** The entries whose keys begin with the prefix and a slash. */
export function under<V>(store: Pick<KeyValueStore<string, V>, 'range'>, prefix: string) {
  // 0 comes after the slash
  return store.range(`${prefix}/`, `${prefix}0`)
}
