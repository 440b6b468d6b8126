import type { TimeWindows, Windowed } from '../core/windows.ts'
import type { BufferedWindowStore } from '../state/stores/window.ts'
import type { Add } from './aggregate.ts'
import { emitOnClose } from './emit-on-close.ts'
import type { ForwardChange, OldValues, OperatorContext, StreamToTable } from './operator.ts'
import { sharedInTask } from './shared.ts'
import { synchronous } from './synchronous.ts'
import { silentWriter, type WindowWriter, windowWriter } from './window-writer.ts'

export interface WindowFold<A> {
  readonly storeName: string
  readonly initial: () => A
  readonly oldValues: OldValues
  /** Results leave once, when their window has closed. */
  readonly onClose: boolean
}

/**
 * Keeps an aggregate per key and window of event time. A record is late, dropped and counted, when stream time has reached its
 * window's end plus grace. Null values are aggregated (they count), null keys are not. After `KStreamWindowAggregate`.
 *
 * Gives the step for each of the streams that share the aggregate. Each has its own stream time.
 */
export function windowAggregator<K, A>(
  windows: TimeWindows,
  fold: WindowFold<A>
): <V>(add: Add<K, V, A>) => StreamToTable<K, V, Windowed<K>, A> {
  const { sizeMs, graceMs, advanceMs } = windows
  const { storeName, initial, oldValues, onClose } = fold
  const writerOf = sharedInTask<WindowWriter<K, A>, ForwardChange<Windowed<K>, A>>((context, downstream) => {
    const store = context.store(storeName) as unknown as BufferedWindowStore<K, A>
    return onClose ? silentWriter(store) : windowWriter(store, sizeMs, downstream, oldValues, context)
  })
  return (add) => (downstream, context) => {
    const store = context.store(storeName) as unknown as BufferedWindowStore<K, A>
    const call = synchronous(`aggregate "${storeName}"`, add)
    const write = writerOf(context, downstream)
    const emit = onClose ? emitTimeWindows(windows, store, downstream, context) : undefined
    let observed: number = context.keepTime(storeName, () => observed)
    return (value, key, timestamp, headers) => {
      if (key === null || key === undefined) return context.dropped('null-key')
      if (timestamp > observed) observed = timestamp
      const closeTime = observed - graceMs
      for (let start = windows.firstStart(timestamp); start <= timestamp; start += advanceMs) {
        if (start + sizeMs <= closeTime) {
          context.dropped('late')
          continue
        }
        const before = store.entry(key, start)
        const old = before === null ? initial() : before.value
        const time = before === null ? timestamp : Math.max(timestamp, before.timestamp)
        write(key, start, call(value, old, key), old, time, timestamp, headers)
      }
      emit?.(closeTime, headers)
    }
  }
}

function emitTimeWindows<K, A>(
  windows: TimeWindows,
  store: BufferedWindowStore<K, A>,
  downstream: ForwardChange<Windowed<K>, A>,
  context: OperatorContext
): ReturnType<typeof emitOnClose> {
  const { sizeMs, advanceMs } = windows
  const lastStart = (timestamp: number) => timestamp - (timestamp % advanceMs)
  return emitOnClose(
    context,
    store.name,
    {
      lower: (lastEmitted) => (lastEmitted < 0 ? 0 : Math.max(0, lastEmitted - sizeMs) + 1),
      upper: (closeTime) => closeTime - sizeMs,
      // the windows around both ends are the same ones: nothing has closed in between
      worthwhile: (lower, upper, lastEmitted) =>
        lastEmitted < 0 ||
        windows.firstStart(lower - 1) !== windows.firstStart(upper) ||
        lastStart(lower - 1) !== lastStart(upper)
    },
    (lower, upper, headers) => {
      for (const { key, start, value, timestamp } of store.fetchAllInTimeOrder(lower, upper))
        downstream(value, null, { key, start, end: start + sizeMs }, timestamp, headers, true)
    }
  )
}
