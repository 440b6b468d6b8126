import {
  SlidingWindows,
  type StreamsBuilder,
  TimeWindows,
  timeWindowed,
  topic,
  type Windowed
} from '../../../index.ts'
import { type CaseTopologies, declared, declaredWith, json, jsonTopic, text } from './case-topology.ts'

const numbers = () => jsonTopic<number>('in')
const count = json<number>()
const windowedKey = timeWindowed(text, 100)
const windowedOut = <V>() => topic('out', { key: windowedKey, value: json<V>() })
const grouped = (builder: StreamsBuilder) => builder.stream(numbers()).groupByKey()
const collect = {
  name: 'w',
  initial: (): (number | null)[] => [],
  add: (v: number, all: (number | null)[]) => [...all, v],
  value: json<(number | null)[]>()
}

const windowed = (declare: (builder: StreamsBuilder) => void) =>
  declaredWith<Windowed<string>>(windowedKey, declare)

interface Net {
  readonly sold: number
  readonly returned: number
}

export const windowTopologies: CaseTopologies = {
  'window-tumbling-count': windowed((builder) => {
    grouped(builder)
      .windowedBy(TimeWindows.ofSizeAndGrace(100, 50))
      .count({ name: 'w', value: count })
      .toStream()
      .to(windowedOut<number>())
  }),

  'stream-time-per-task': windowed((builder) => {
    grouped(builder)
      .windowedBy(TimeWindows.ofSizeWithNoGrace(100))
      .count({ name: 'w', value: count })
      .toStream()
      .to(windowedOut<number>())
  }),

  'window-tumbling-no-grace-aggregate': windowed((builder) => {
    grouped(builder)
      .windowedBy(TimeWindows.ofSizeWithNoGrace(100))
      .aggregate(collect)
      .toStream()
      .to(windowedOut<(number | null)[]>())
  }),

  'window-tumbling-rekeyed-output': declared((builder) => {
    grouped(builder)
      .windowedBy(TimeWindows.ofSizeAndGrace(100, 50))
      .count({ name: 'w', value: count })
      .toStream((_v, k) => `${k.key}@${k.start}`)
      .to(jsonTopic<number>('out'))
  }),

  'window-tumbling-emit-on-close': windowed((builder) => {
    grouped(builder)
      .windowedBy(TimeWindows.ofSizeAndGrace(100, 50))
      .emitStrategy('onWindowClose')
      .count({ name: 'w', value: count, retentionMs: 10_000 })
      .toStream()
      .to(windowedOut<number>())
  }),

  'window-tumbling-emit-on-close-default-retention': windowed((builder) => {
    grouped(builder)
      .windowedBy(TimeWindows.ofSizeAndGrace(100, 50))
      .emitStrategy('onWindowClose')
      .count({ name: 'w', value: count })
      .toStream()
      .to(windowedOut<number>())
  }),

  'window-hopping-count': windowed((builder) => {
    grouped(builder)
      .windowedBy(TimeWindows.ofSizeAndGrace(100, 50).advanceBy(40))
      .count({ name: 'w', value: count })
      .toStream()
      .to(windowedOut<number>())
  }),

  'window-hopping-emit-on-close': windowed((builder) => {
    grouped(builder)
      .windowedBy(TimeWindows.ofSizeAndGrace(100, 50).advanceBy(50))
      .emitStrategy('onWindowClose')
      .count({ name: 'w', value: count, retentionMs: 10_000 })
      .toStream()
      .to(windowedOut<number>())
  }),

  'window-hopping-reduce': windowed((builder) => {
    grouped(builder)
      .windowedBy(TimeWindows.ofSizeWithNoGrace(100).advanceBy(50))
      .reduce({ name: 'w', reducer: (v, highest) => Math.max(highest ?? 0, v ?? 0) })
      .toStream()
      .to(windowedOut<number>())
  }),

  'window-sliding-aggregate': windowed((builder) => {
    grouped(builder)
      .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(100, 50))
      .aggregate(collect)
      .toStream()
      .to(windowedOut<(number | null)[]>())
  }),

  'window-sliding-early-records': windowed((builder) => {
    grouped(builder)
      .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(100, 1000))
      .aggregate(collect)
      .toStream()
      .to(windowedOut<(number | null)[]>())
  }),

  'window-sliding-count-no-grace': windowed((builder) => {
    grouped(builder)
      .windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(100))
      .count({ name: 'w', value: count })
      .toStream()
      .to(windowedOut<number>())
  }),

  'window-sliding-emit-on-close': windowed((builder) => {
    grouped(builder)
      .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(100, 50))
      .emitStrategy('onWindowClose')
      .count({ name: 'w', value: count, retentionMs: 10_000 })
      .toStream()
      .to(windowedOut<number>())
  }),

  'window-table-of-windows-group-by': declared((builder) => {
    grouped(builder)
      .windowedBy(TimeWindows.ofSizeAndGrace(100, 50))
      .count({ name: 'w', value: count })
      .groupBy((v, k) => [`${k.start}:${v}`, k.key], { name: 'hist', key: text, value: json<string>() })
      .count({ name: 'hist', value: count })
      .toStream()
      .to(jsonTopic<number>('out'))
  }),

  'cogroup-windowed': windowed((builder) => {
    const sales = builder.stream(jsonTopic<number>('sales')).groupByKey()
    const returns = builder.stream(jsonTopic<number>('returns')).groupByKey()
    sales
      .cogroup<Net>((v, net) => ({ ...net, sold: net.sold + v }))
      .cogroup(returns, (v, net) => ({ ...net, returned: net.returned + v }))
      .windowedBy(TimeWindows.ofSizeWithNoGrace(100))
      .aggregate({ name: 'net', initial: () => ({ sold: 0, returned: 0 }), value: json<Net>() })
      .toStream()
      .to(windowedOut<Net>())
  })
}
