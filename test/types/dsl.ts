/*
 * What does and does not compile. Checked by tsc, never run: each line under `@ts-expect-error` must be an error.
 */

import { z } from 'zod'
import {
  integer,
  JoinWindows,
  json,
  type KeyValueStoreDefinition,
  type KStream,
  type KTable,
  keyValueStore,
  SessionWindows,
  SlidingWindows,
  type StreamsBuilder,
  storeOf,
  string,
  TimeWindows,
  timeWindowed,
  topic,
  untilTimeLimit,
  untilWindowCloses,
  type Windowed,
  type WindowStoreDefinition,
  windowStore
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
type ValueOf<S> =
  S extends KStream<infer _K, infer V, infer _U> ? V : S extends KTable<infer _K, infer V> ? V : never
type KeyOf<S> =
  S extends KStream<infer K, infer _V, infer _U> ? K : S extends KTable<infer K, infer _V> ? K : never

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

  // processors
  const processed = stream.processValues<number>(() => ({
    process(record, context) {
      record.key.toUpperCase()
      context.forward({ ...record, value: record.value.qty })
      // @ts-expect-error the key must stay
      context.forward({ ...record, key: 'another', value: 1 })
      // @ts-expect-error neither may it go
      context.forward({ ...record, key: null, value: 1 })
      // @ts-expect-error values are numbers after this step
      context.forward(record)
    }
  }))
  same<KeyOf<typeof processed>, string>(true)
  stream.process<string, number>(() => ({
    process(record, context) {
      // @ts-expect-error the stream after this step has a key
      context.forward({ ...record, key: null, value: 1 })
      // @ts-expect-error and a value
      context.forward({ ...record, value: null })
    }
  }))
  stream.process<string | null, number>(() => ({
    process: (record, context) => context.forward({ ...record, key: null, value: 1 })
  }))

  // stores
  const mine = keyValueStore({ name: 'mine', key: string(), value: integer() })
  const recent = windowStore({
    name: 'recent',
    key: string(),
    value: json(Sale),
    windowSizeMs: 10,
    retentionMs: 10
  })
  builder.addStateStore(mine)
  // @ts-expect-error a store needs serdes
  builder.addStateStore(keyValueStore({ name: 'mine' }))
  stream.process<string, number>(
    () => ({
      process(record, context) {
        context.store(mine).put(record.key, 1, record.timestamp)
        context.store(recent).put(record.key, record.value, 0, 0)
        const known = context.store(mine).get(record.key)
        same<typeof known, number | null>(true)
        // @ts-expect-error the store's values are numbers
        context.store(mine).put(record.key, 'one', record.timestamp)
        // @ts-expect-error a store is asked for by its definition, so that none is unknown
        context.store('mime')
        // @ts-expect-error nor can one be made up
        context.store(other)
      }
    }),
    { stores: [mine, recent] }
  )
  // @ts-expect-error no store is known by its name alone
  stream.process<string, number>(() => ({ process: () => undefined }), { stores: ['mime'] })
  const rows = storeOf(table)
  same<typeof rows, KeyValueStoreDefinition<string, number>>(true)
  const windowRows = storeOf(hours, 'window')
  same<typeof windowRows, WindowStoreDefinition<string, number>>(true)
  // @ts-expect-error a table without windows has no window store
  storeOf(table, 'window')

  // serdes: what a step has changed must be told to the next one that writes it
  const quantities = stream.mapValues((sale) => sale.qty)
  // @ts-expect-error numbers now, so how are they written?
  quantities.repartition({ name: 'spread' })
  quantities.repartition({ name: 'spread', value: integer() }).repartition({ name: 'known-again' })
  // @ts-expect-error the key's serde alone is not enough
  quantities.groupBy((qty) => qty, { name: 'by-qty', key: integer() })
  quantities.groupBy((qty) => qty, { name: 'by-qty', key: integer(), value: integer() })
  // @ts-expect-error a reduce keeps values
  quantities.groupByKey().reduce({ name: 'sum', reducer: (a, b) => a + b })
  quantities.groupByKey().reduce({ name: 'sum', reducer: (a, b) => a + b, value: integer() })
  // a count keeps none of them
  quantities.groupByKey().count({ name: 'counted' })
  const perHour = quantities.groupByKey().windowedBy(TimeWindows.ofSizeWithNoGrace(60))
  // @ts-expect-error a windowed reduce keeps values, too
  perHour.reduce({ name: 'sum', reducer: (a, b) => a + b })
  // @ts-expect-error so does a table
  quantities.toTable({ name: 'latest' })
  // @ts-expect-error both sides of a join of streams are kept
  quantities.join(builder.stream(prices), (qty) => qty, { name: 'pairs', windows })
  // @ts-expect-error the other one as well
  stream.join(quantities, (sale) => sale, { name: 'pairs', windows })
  stream.join(quantities, (sale) => sale, { name: 'pairs', windows, otherValue: integer() })

  // keys: a new one goes through a topic, which has a name
  const byQty = stream.selectKey((sale) => sale.qty)
  // @ts-expect-error the topic needs a name, and the key a serde
  byQty.groupByKey()
  // @ts-expect-error the key needs a serde
  byQty.groupByKey({ name: 'by-qty' })
  byQty.groupByKey({ name: 'by-qty', key: integer() }).count({ name: 'by-qty' })
  // @ts-expect-error the key of one of them is not known any more
  stream.merge(stream.selectKey((sale) => sale.sku)).groupByKey()
  // what a function says it takes, it gets
  const known = (_sales: KStream<string, Sale>): void => undefined
  known(stream.filter((sale) => sale.qty > 1))
  // @ts-expect-error it could not write them
  known(stream.mapValues((sale) => ({ ...sale })))
}
