import type { Headers } from '../core/record.ts'
import type { SlidingWindows, Windowed } from '../core/windows.ts'
import type { ValueAndTimestamp } from '../state/state-store.ts'
import type { BufferedWindowStore } from '../state/stores/window.ts'
import type { Add } from './aggregate.ts'
import { emitOnClose } from './emit-on-close.ts'
import type { ForwardChange, StreamToTable } from './operator.ts'
import { sharedInTask } from './shared.ts'
import { synchronous } from './synchronous.ts'
import type { WindowFold } from './window-aggregate.ts'
import { silentWriter, type WindowWriter, windowWriter } from './window-writer.ts'

/**
 * Keeps an aggregate per key and sliding window. Each record has a window that ends with it, and begins one (just after it) that is made
 * when a later record falls into it; the aggregate of a window's timestamp is that of its latest record, which tells windows that hold
 * anything from the point on from others. After `KStreamSlidingWindowAggregate`.
 *
 * Gives the step for each of the streams that share the aggregate.
 */
export function slidingAggregator<K, A>(
  windows: SlidingWindows,
  fold: WindowFold<A>
): <V>(add: Add<K, V, A>) => StreamToTable<K, V, Windowed<K>, A> {
  const { differenceMs, graceMs } = windows
  const { storeName, initial, oldValues, onClose } = fold
  const writerOf = sharedInTask<WindowWriter<K, A>, ForwardChange<Windowed<K>, A>>((context, downstream) => {
    const store = context.store(storeName) as unknown as BufferedWindowStore<K, A>
    return onClose ? silentWriter(store) : windowWriter(store, differenceMs, downstream, oldValues, context)
  })
  return <V>(add: Add<K, V, A>): StreamToTable<K, V, Windowed<K>, A> =>
    (downstream, context) => {
      const store = context.store(storeName) as unknown as BufferedWindowStore<K, A>
      const call = synchronous(`aggregate "${storeName}"`, add)
      const write = writerOf(context, downstream)
      const emit = onClose ? emitSlidingWindows(differenceMs, store, downstream, context) : undefined
      let observed: number = context.keepTime(storeName, () => observed)

      return (value, key, timestamp, headers) => {
        if (key === null || key === undefined) return context.dropped('null-key')
        if (value === null || value === undefined) return context.dropped('null-value')
        if (timestamp > observed) observed = timestamp
        const closeTime = observed - graceMs
        if (timestamp + differenceMs < closeTime) return context.dropped('late')

        const update = (start: number, row: ValueAndTimestamp<A>) => {
          if (start + differenceMs < closeTime) return context.dropped('late')
          const time = row.value === null ? timestamp : Math.max(timestamp, row.timestamp)
          write(key, start, call(value, row.value, key), row.value, time, timestamp, headers)
        }
        const begin = () => ({ value: initial(), timestamp })
        const early = timestamp < differenceMs
        const found = early
          ? findEarly(store, key, timestamp, update)
          : findAround(store, key, timestamp, differenceMs, update)
        if (found === undefined) return emit?.(closeTime, headers)

        const { previous, starts, left, right, leftMade, rightMade } = found
        const makeRight = () => {
          if (rightMade || right === undefined || right.timestamp <= timestamp) return
          write(key, timestamp + 1, right.value, null, right.timestamp, timestamp, headers)
        }
        const makePreviousRight = () => {
          if (previous === undefined || starts.has(previous + 1)) return
          if (early || previous + 1 + differenceMs >= timestamp) update(previous + 1, begin())
        }
        if (early) {
          makeRight()
          makePreviousRight()
          // all windows that would begin before 0 are one
          update(0, left ?? begin())
          return
        }
        makePreviousRight()
        if (!leftMade) {
          const reaches = previous !== undefined && timestamp - differenceMs <= previous && left !== undefined
          update(timestamp - differenceMs, reaches ? { value: left.value, timestamp } : begin())
        }
        makeRight()
        emit?.(closeTime, headers)
      }
    }
}

/** What there is around a record that is being added. */
interface Found<A> {
  /** Time of the latest record before it. */
  readonly previous: number | undefined
  /** Starts of the windows looked at. */
  readonly starts: ReadonlySet<number>
  /** The window to the left that its own begins with; for an early record the one that begins at 0. */
  readonly left: ValueAndTimestamp<A> | undefined
  readonly right: ValueAndTimestamp<A> | undefined
  readonly leftMade: boolean
  readonly rightMade: boolean
}

/** Updates the windows that hold the record, the latest first. Undefined when there is nothing to make. */
function findAround<K, A>(
  store: BufferedWindowStore<K, A>,
  key: K,
  timestamp: number,
  differenceMs: number,
  update: (start: number, row: ValueAndTimestamp<A>) => void
): Found<A> | undefined {
  const starts = new Set<number>()
  let previous: number | undefined
  let left: ValueAndTimestamp<A> | undefined
  let right: ValueAndTimestamp<A> | undefined
  let leftMade = false
  let rightMade = false
  const from = Math.max(0, timestamp - 2 * differenceMs)
  for (const row of [...store.reverseFetch(key, from, timestamp + 1)]) {
    starts.add(row.start)
    const end = row.start + differenceMs
    if (row.start === timestamp + 1) rightMade = true
    else if (end > timestamp) {
      right ??= row
      update(row.start, row)
    } else if (end === timestamp) {
      leftMade = true
      update(row.start, row)
      // the record is not the first of its time: all its windows are there
      if (row.timestamp >= timestamp) return undefined
      previous = row.timestamp
    } else {
      left = row
      previous = row.timestamp
      break
    }
  }
  return { previous, starts, left, right, leftMade, rightMade }
}

/** The same for a record whose window would begin before 0. */
function findEarly<K, A>(
  store: BufferedWindowStore<K, A>,
  key: K,
  timestamp: number,
  update: (start: number, row: ValueAndTimestamp<A>) => void
): Found<A> {
  const starts = new Set<number>()
  let previous: number | undefined
  let combined: ValueAndTimestamp<A> | undefined
  let right: ValueAndTimestamp<A> | undefined
  let rightMade = false
  for (const row of store.fetch(key, 0, timestamp + 1)) {
    starts.add(row.start)
    if (row.start === 0) {
      combined = row
      if (row.timestamp < timestamp) previous = row.timestamp
    } else if (row.start <= timestamp) {
      right = row
      update(row.start, row)
    } else rightMade = true
  }
  if (right === undefined && combined !== undefined && combined.timestamp > timestamp) right = combined
  return { previous, starts, left: combined, right, leftMade: true, rightMade }
}

function emitSlidingWindows<K, A>(
  differenceMs: number,
  store: BufferedWindowStore<K, A>,
  downstream: ForwardChange<Windowed<K>, A>,
  context: Parameters<typeof emitOnClose>[0]
): (closeTime: number, headers: Headers) => void {
  return emitOnClose(
    context,
    store.name,
    {
      lower: (lastEmitted) => (lastEmitted < 0 ? 0 : Math.max(0, lastEmitted - differenceMs)),
      upper: (closeTime) => closeTime - differenceMs - 1,
      worthwhile: () => true
    },
    (lower, upper, headers) => {
      for (const { key, start, value, timestamp } of store.fetchAllInTimeOrder(lower, upper))
        downstream(value, null, { key, start, end: start + differenceMs }, timestamp, headers, true)
    }
  )
}
