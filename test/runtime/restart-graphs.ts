import { z } from 'zod'
import {
  integer,
  JoinWindows,
  json,
  SessionWindows,
  SlidingWindows,
  StreamsBuilder,
  string,
  TimeWindows,
  type Topology,
  topic,
  untilTimeLimit,
  untilWindowCloses
} from '../../index.ts'

const PARTITIONS = 2
const numbers = (name: string) => topic(name, { key: string(), value: integer(), partitions: PARTITIONS })

export const inputs = {
  left: numbers('left'),
  right: numbers('right'),
  other: numbers('other')
}

/** A value that steps before the windows filter out: it moves the task's stream time and not theirs. */
export const NOISE = -1

function outputTopic(name: string) {
  return topic(`out-${name}`, { key: string(), value: string(), partitions: 2 })
}

class Outputs {
  readonly topics: ReturnType<typeof outputTopic>[] = []

  add(name: string, stream: { to(out: ReturnType<typeof outputTopic>): void }): void {
    const out = outputTopic(name)
    this.topics.push(out)
    stream.to(out)
  }
}

export interface RestartGraph {
  readonly topology: Topology
  readonly outputs: readonly ReturnType<typeof outputTopic>[]
}

const seen = (builder: StreamsBuilder, input: (typeof inputs)['left']) =>
  builder.stream(input).filter((value) => value !== NOISE)

/** What waits for time to pass: windows that emit when they close, suppression, outer joins. */
export function waitingGraph(): RestartGraph {
  const builder = new StreamsBuilder()
  const outputs = new Outputs()
  const left = seen(builder, inputs.left)
  const right = seen(builder, inputs.right)
  const grouped = left.groupByKey()
  const text = (value: number, at: { start: number; end: number }) => `${at.start}-${at.end}: ${value}`

  for (const [name, windows] of [
    ['tumbling', TimeWindows.ofSizeAndGrace(100, 30)],
    ['hopping', TimeWindows.ofSizeAndGrace(100, 0).advanceBy(40)],
    ['sliding', SlidingWindows.ofTimeDifferenceAndGrace(50, 20)]
  ] as const)
    outputs.add(
      `${name}-on-close`,
      grouped
        .windowedBy(windows)
        .emitStrategy('onWindowClose')
        .reduce({ name: `${name}-close`, reducer: (a, b) => a + b })
        .toStream()
        .map((value, key) => [key.key, text(value as number, key)])
    )
  outputs.add(
    'sessions-on-close',
    grouped
      .windowedBy(SessionWindows.ofInactivityGapAndGrace(20, 30))
      .emitStrategy('onWindowClose')
      .count({ name: 'sessions-close' })
      .toStream()
      .map((value, key) => [key.key, text(value as number, key)])
  )
  outputs.add(
    'suppressed',
    grouped
      .windowedBy(TimeWindows.ofSizeAndGrace(100, 30))
      .count({ name: 'tumbling' })
      .suppress(untilWindowCloses({ name: 'suppressed' }))
      .toStream()
      .map((value, key) => [key.key, text(value as number, key)])
  )
  outputs.add(
    'limited',
    grouped
      .count({ name: 'counts' })
      .suppress(untilTimeLimit(60, { name: 'limited' }))
      .toStream()
      .mapValues((value) => `${value}`)
  )
  const windows = JoinWindows.ofTimeDifferenceAndGrace(30, 20).after(50)
  const both = (l: number | null, r: number | null) => `${l}+${r}`
  outputs.add('left-join', left.leftJoin(right, both, { name: 'left-join', windows }))
  outputs.add('outer-join', left.outerJoin(right, both, { name: 'outer-join', windows }))
  return { topology: builder.build(), outputs: outputs.topics }
}

/** Operators whose results are tables, with and without repartition topics. */
export function tablesGraph(): RestartGraph {
  const builder = new StreamsBuilder()
  const outputs = new Outputs()
  const left = seen(builder, inputs.left)
  const right = seen(builder, inputs.right)
  const Sums = z.object({ left: z.int(), right: z.int() })
  const start = { initial: () => ({ left: 0, right: 0 }), value: json(Sums) }
  const cogrouped = left
    .groupByKey()
    .cogroup<z.infer<typeof Sums>>((value, sums) => ({ ...sums, left: sums.left + value }))
    .cogroup(right.groupByKey(), (value, sums) => ({ ...sums, right: sums.right + value }))
  const sumsText = (sums: z.infer<typeof Sums> | null) =>
    sums === null ? null : `${sums.left}/${sums.right}`
  outputs.add(
    'cogroup',
    cogrouped
      .aggregate({ name: 'cogroup', ...start })
      .toStream()
      .mapValues(sumsText)
  )
  outputs.add(
    'cogroup-sessions',
    cogrouped
      .windowedBy(SessionWindows.ofInactivityGapAndGrace(20, 40))
      .aggregate({
        name: 'cogroup-sessions',
        // both streams have a time of their own: by the default a session that is over for one only is there as long as it is cached
        retentionMs: 10_000,
        ...start,
        merge: (a, b) => ({ left: a.left + b.left, right: a.right + b.right })
      })
      .toStream()
      .map((sums, key) => [`${key.key}@${key.start}-${key.end}`, sumsText(sums)])
  )
  outputs.add(
    'sliding',
    left
      .groupByKey()
      .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(40, 60))
      .count({ name: 'sliding' })
      .toStream()
      .map((count, key) => [`${key.key}@${key.start}`, `${count}`])
  )
  const sums = left.groupByKey().reduce({ name: 'left-sums', reducer: (a, b) => a + b })
  const others = builder.table(inputs.other, { name: 'others' })
  const both = (l: number | null, r: number | null) => `${l}+${r}`
  outputs.add('tables', sums.outerJoin(others, both, { name: 'joined', value: string() }).toStream())
  outputs.add(
    'foreign',
    sums
      .leftJoin(others, (sum) => `k${sum % 25}`, both, {
        name: 'foreign',
        store: { name: 'foreign-result', value: string() }
      })
      .toStream()
  )
  outputs.add(
    'regrouped',
    others
      .groupBy((value) => [`g${value % 7}`, value], { name: 'regrouped', key: string(), value: integer() })
      .aggregate({
        name: 'regrouped',
        initial: () => 0,
        add: (value, sum) => sum + value,
        subtract: (value, sum) => sum - value,
        value: integer()
      })
      .toStream()
      .mapValues((sum) => `${sum}`)
  )
  return { topology: builder.build(), outputs: outputs.topics }
}

/** A stream that waits for the past of a table. */
export function versionedGraph(): RestartGraph {
  const builder = new StreamsBuilder()
  const outputs = new Outputs()
  const versions = builder.table(inputs.other, { name: 'versions', historyRetentionMs: 2000 })
  const left = seen(builder, inputs.left)
  outputs.add(
    'versioned',
    left.leftJoin(versions, (value, at) => `${value}@${at}`, { name: 'waiting', graceMs: 40 })
  )
  return { topology: builder.build(), outputs: outputs.topics }
}
