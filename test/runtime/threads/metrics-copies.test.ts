import { expect, it } from 'vitest'
import { StreamsMetrics } from '../../../runtime/metrics.ts'
import { MetricsCopies } from '../../../runtime/threads/metrics-copies.ts'

const watched = [
  'streams_records_processed_total',
  'streams_node_records_total',
  'streams_dead_letters_total',
  'streams_failures_total'
]

/** Sums by metric, as a scrape has them. */
async function sums(metrics: StreamsMetrics): Promise<Record<string, number>> {
  const all = await metrics.registry.getMetricsAsJSON()
  return Object.fromEntries(
    watched.map((name) => [
      name,
      (all.find((one) => one.name === name)?.values ?? []).reduce((sum, { value }) => sum + value, 0)
    ])
  )
}

/** As another thread tells it. */
async function copyOf(metrics: StreamsMetrics) {
  return structuredClone(await metrics.registry.getMetricsAsJSON())
}

it('no counter falls when a thread is late, is replaced or is removed', async () => {
  const [main, first, second] = [1, 2, 3].map(() => new StreamsMetrics('app')) as [
    StreamsMetrics,
    StreamsMetrics,
    StreamsMetrics
  ]
  const copies = new MetricsCopies()
  main.registry.join(async () => copies.all())
  const replaced = {}
  copies.began(first)
  copies.began(second)
  first.meter('0_0').records = 1_000
  first.meter('0_0').node('n').records = 1_000
  first.deadLetter('processing')
  first.failed('PRODUCER_FENCED')
  first.committed(0.2)
  second.meter('0_1').records = 500
  second.meter('0_1').node('n').records = 500
  second.deadLetter('processing')
  copies.heard(first, await copyOf(first))
  copies.heard(second, await copyOf(second))
  const all = {
    streams_records_processed_total: 1_500,
    streams_node_records_total: 1_500,
    streams_dead_letters_total: 2,
    streams_failures_total: 1
  }
  expect(await sums(main)).toEqual(all)
  // neither has told anything new
  expect(await sums(main)).toEqual(all)
  const last = await copyOf(first)
  copies.ended(first)
  expect(await sums(main)).toEqual(all)
  // what was under way when it ended
  copies.heard(first, last)
  expect(await sums(main)).toEqual(all)
  copies.began(replaced)
  copies.heard(replaced, await copyOf(new StreamsMetrics('app')))
  expect(await sums(main)).toEqual(all)
  copies.ended(replaced)
  copies.ended(second)
  expect(await sums(main)).toEqual(all)
  const text = await main.registry.metrics()
  expect(text).toMatch(/^streams_commit_duration_seconds_count\{.*\} 1$/m)
  expect(text).toMatch(/^streams_commit_duration_seconds_bucket\{le="0.25",.*\} 1$/m)
})

it('gauges of a thread that has ended are gone', async () => {
  const [main, other] = [new StreamsMetrics('app'), new StreamsMetrics('app')]
  const copies = new MetricsCopies()
  main.registry.join(async () => copies.all())
  copies.began(other)
  other.standbys(() => new Map([['0_0', 7]]))
  copies.heard(other, await copyOf(other))
  expect(await main.registry.metrics()).toMatch(/^streams_standby_lag_records\{task="0_0".*\} 7$/m)
  copies.ended(other)
  expect(await main.registry.metrics()).not.toMatch(/^streams_standby_lag_records\{/m)
})

it('what the main thread counted and what others did is one series, also where few metrics are asked for', async () => {
  const [main, other] = [new StreamsMetrics('app'), new StreamsMetrics('app')]
  const copies = new MetricsCopies()
  main.registry.join(async () => copies.all())
  copies.began(other)
  other.failed('TASK_STUCK')
  copies.heard(other, await copyOf(other))
  main.failed('TASK_STUCK')
  const [failures] = await main.registry.some(['streams_failures_total'])
  expect(failures?.values.filter(({ value }) => value > 0)).toEqual([
    { labels: { application: 'app', code: 'TASK_STUCK' }, value: 2 }
  ])
})
