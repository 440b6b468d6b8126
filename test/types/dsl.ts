/*
 * What does and does not compile. Checked by tsc, never run: each line under `@ts-expect-error` must be an error.
 */

import { z } from 'zod'
import {
  integer,
  JoinWindows,
  json,
  type KStream,
  type KTable,
  keyValueStore,
  SessionWindows,
  SlidingWindows,
  type StreamsBuilder,
  string,
  TimeWindows,
  timeWindowed,
  topic,
  untilTimeLimit,
  untilWindowCloses,
  type Windowed
} from '../../index.ts'

const Sale = z.object({ sku: z.string(), qty: z.int(), store: z.string() })
type Sale = z.infer<typeof Sale>

const sales = topic('sales', { key: string(), value: json(Sale) })
const prices = topic('prices', { key: string(), value: integer() })
const ids = topic('ids', { key: integer(), value: integer() })
const texts = topic('texts', { key: string(), value: string() })

/** True when both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_yes: Same<A, B>): void {}
type ValueOf<S> = S extends KStream<infer _K, infer V> ? V : S extends KTable<infer _K, infer V> ? V : never
type KeyOf<S> = S extends KStream<infer K, infer _V> ? K : S extends KTable<infer K, infer _V> ? K : never

export function types(builder: StreamsBuilder): void {
  const stream = builder.stream(sales)
  same<ValueOf<typeof stream>, Sale>(true)

  // types flow through every step
  const words = stream.flatMapValues((sale) => [sale.sku, sale.qty])
  same<ValueOf<typeof words>, string | number>(true)
  const keyed = stream.map((sale) => [sale.qty, sale.store] as const)
  same<KeyOf<typeof keyed>, number>(true)
  stream.peek((sale, key) => void [sale.qty + 1, key.length])
  // @ts-expect-error a sale has no such field
  stream.foreach((sale) => sale.price)

  // branches have the names that were given to them
  const branches = stream
    .split()
    .branch((sale) => sale.qty > 10, 'large')
    .defaultBranch('rest')
  same<ValueOf<typeof branches.large>, Sale>(true)
  // @ts-expect-error there is no branch of that name
  branches.small

  // topics must fit
  // @ts-expect-error sales are no texts
  stream.to(texts)
  // @ts-expect-error one of the topics does not fit
  stream.to([sales, texts], () => sales)
  // @ts-expect-error the topic chosen is not among those given
  stream.to([sales], () => texts)

  // grouping
  const grouped = stream.groupBy((sale) => sale.store, { name: 'by-store', key: string() })
  // @ts-expect-error the key's serde must fit
  stream.groupBy((sale) => sale.store, { name: 'by-store', key: integer() })
  // @ts-expect-error a repartition topic needs a name
  stream.groupBy((sale) => sale.store, { key: string() })
  // @ts-expect-error a store needs a name
  grouped.count({})
  const counts = grouped.count({ name: 'counts' })
  same<ValueOf<typeof counts>, number>(true)
  // @ts-expect-error the aggregate's serde must fit
  grouped.aggregate({ name: 'a', initial: () => 0, add: (_sale, sum: number) => sum, value: string() })
  // @ts-expect-error the reducer's result must be a sale
  grouped.reduce({ name: 'r', reducer: () => 'x' })

  // cogroup
  const net = grouped
    .cogroup<number>((sale, sum) => sum + sale.qty)
    .cogroup(builder.stream(prices).groupByKey(), (price, sum) => sum - price)
    .aggregate({ name: 'net', initial: () => 0, value: integer() })
  same<ValueOf<typeof net>, number>(true)
  grouped
    .cogroup<number>((sale, sum) => sum + sale.qty)
    // @ts-expect-error keys of another type
    .cogroup(builder.stream(ids).groupByKey(), (id, sum) => sum - id)

  // windows
  const hours = grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(3_600_000)).count({ name: 'hours' })
  same<KeyOf<typeof hours>, Windowed<string>>(true)
  grouped.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(100)).emitStrategy('onWindowClose')
  // @ts-expect-error no such strategy
  grouped.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(100)).emitStrategy('sometimes')
  const sessions = grouped.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(100))
  sessions.aggregate({
    name: 's',
    initial: () => 0,
    add: (_sale, sum: number) => sum + 1,
    merge: (a, b) => a + b,
    value: integer()
  })
  // @ts-expect-error sessions merge, so their aggregates must
  sessions.aggregate({ name: 's', initial: () => 0, add: (_s, sum: number) => sum + 1, value: integer() })
  // @ts-expect-error windowed keys are no strings
  hours.toStream().to(prices)
  hours.toStream().to(topic('hours', { key: timeWindowed(string(), 3_600_000), value: integer() }))
  hours.suppress(untilWindowCloses({ name: 'final' }))
  counts.suppress(untilTimeLimit(100, { name: 'calm' }))
  // @ts-expect-error a table without windows has none that close
  counts.suppress(untilWindowCloses({ name: 'final' }))

  // tables
  const table = builder.table(prices, { name: 'prices' })
  const labels = table.mapValues((price, sku) => `${sku}: ${price}`)
  same<ValueOf<typeof labels>, string>(true)
  // @ts-expect-error a store of values of a new type needs their serde
  table.mapValues((price) => String(price), { name: 'labels' })
  const all = table.groupBy((price) => ['all', price], { name: 'all', key: string(), value: integer() })
  // @ts-expect-error what is added to a table's aggregate must be taken out again
  all.reduce({ name: 'sum', reducer: (price, sum) => sum + price })

  // joins
  const joined = stream.join(table, (sale, price) => sale.qty * price)
  same<ValueOf<typeof joined>, number>(true)
  const left = stream.leftJoin(table, (_sale, price) => price)
  same<ValueOf<typeof left>, number | null>(true)
  // @ts-expect-error keys of another type
  stream.join(builder.table(ids, { name: 'ids' }), (sale) => sale)
  const windows = JoinWindows.ofTimeDifferenceWithNoGrace(100)
  const pairs = stream.outerJoin(builder.stream(prices), (sale, price) => [sale, price] as const, {
    name: 'pairs',
    windows
  })
  same<ValueOf<typeof pairs>, readonly [Sale | null, number | null]>(true)
  // @ts-expect-error a join of streams needs a window
  stream.outerJoin(builder.stream(prices), (sale) => sale, { name: 'pairs' })
  // @ts-expect-error keys of another type
  stream.join(builder.stream(ids), (sale) => sale, { name: 'pairs', windows })
  const global = builder.globalTable(ids, { name: 'global' })
  stream.join(
    global,
    (sale) => sale.qty,
    (sale, id) => sale.qty + id
  )
  // @ts-expect-error the global table's keys are numbers
  stream.join(
    global,
    (sale) => sale.sku,
    (sale, id) => sale.qty + id
  )
  const tables = table.join(builder.table(texts, { name: 'texts' }), (price, text) => `${price}${text}`)
  same<ValueOf<typeof tables>, string>(true)

  // stores
  builder.addStateStore(keyValueStore({ name: 'mine', key: string(), value: integer() }))
  // @ts-expect-error a store needs serdes
  builder.addStateStore(keyValueStore({ name: 'mine' }))
}
