import { expect, it } from 'vitest'
import {
  integer,
  type KTable,
  StreamsBuilder,
  string,
  TimeWindows,
  timeWindowed,
  topic,
  untilWindowCloses,
  type Windowed
} from '../../index.ts'
import { TopologyTestDriver } from '../../testing.ts'

const minute = 60_000
const views = topic('views', { key: string(), value: integer() })
const sales = topic('sales', { key: string(), value: integer() })
const rates = topic('rates', { key: timeWindowed(string(), minute), value: integer() })

type Counts = KTable<Windowed<string>, number>

function join(
  kind: 'inner' | 'left' | 'outer',
  left: Counts,
  right: Counts
): KTable<Windowed<string>, string> {
  const text = (one: number | null, other: number | null) => `${one}/${other}`
  const joined = { name: 'joined', value: string() }
  if (kind === 'inner') return left.join(right, text, joined)
  if (kind === 'left') return left.leftJoin(right, text, joined)
  return left.outerJoin(right, text, joined)
}

function counts(builder: StreamsBuilder, of: typeof views, graceMinutes: number): Counts {
  const windows = TimeWindows.ofSizeAndGrace(minute, graceMinutes * minute)
  // neither side forgets a window before the other one closes it
  const store = { name: of.name, retentionMs: 60 * minute }
  return builder.stream(of).groupByKey().windowedBy(windows).count(store)
}

const kinds = ['inner', 'left', 'outer'] as const
it.each(kinds.flatMap((kind) => [['left', kind] as const, ['right', kind] as const]))(
  'a window of joined tables is final when it is closed on both sides: the longer grace on the %s, %s join',
  (longer, kind) => {
    const builder = new StreamsBuilder()
    const short = counts(builder, views, 0)
    const long = counts(builder, sales, 10)
    const joined = longer === 'left' ? join(kind, long, short) : join(kind, short, long)
    const results: [string, string | null][] = []
    joined
      .filter(() => true)
      .suppress(untilWindowCloses({ name: 'final' }))
      .toStream()
      .foreach((value, { key }) => results.push([key, value]))
    const driver = new TopologyTestDriver(builder.build(), { cacheMaxBytes: 0 })
    const pipe = (to: typeof views, key: string, timestamp: number) =>
      driver.pipe(to, { key, value: 1, timestamp })
    const both = (key: string, timestamp: number) => {
      pipe(views, key, timestamp)
      pipe(sales, key, timestamp)
    }
    both('a', 1)
    both('b', 2 * minute)
    expect(results).toEqual([])
    // late for the one, not for the other
    pipe(sales, 'a', 3)
    pipe(sales, 'a', 4)
    both('c', 30 * minute)
    expect(results).toEqual([
      ['a', longer === 'left' ? '3/1' : '1/3'],
      ['b', '1/1']
    ])
  }
)

it('where one side has no windows of which the grace is known, nobody knows when the result is final', () => {
  for (const left of [true, false]) {
    const builder = new StreamsBuilder()
    const windows = counts(builder, views, 1)
    const table = builder.table(rates, { name: 'rates' })
    const joined = left ? join('inner', windows, table) : join('inner', table, windows)
    expect(() => joined.suppress(untilWindowCloses({ name: 'final' }))).toThrow(
      expect.objectContaining({ code: 'TOPOLOGY_INVALID' })
    )
  }
})
