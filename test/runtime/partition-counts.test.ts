import { expect, it } from 'vitest'
import { StreamsBuilder, string, type Topology, topic } from '../../index.ts'
import { Plan } from '../../runtime/task-plan.ts'

const words = topic('words', { key: string(), value: string() })

function countsOf(topology: Topology, partitions: number): Record<string, number> {
  const plan = new Plan(topology, 'app', () => partitions)
  return Object.fromEntries(plan.internalTopics.map((one) => [one.name, one.partitions]))
}

it('a sub-topology may read a repartition topic that it writes: its other topics say how many partitions that has', () => {
  const builder = new StreamsBuilder()
  const stream = builder.stream(words)
  const again = stream
    .selectKey((word) => word)
    .repartition({ name: 'again', key: string(), value: string() })
  const all = stream.merge(again)
  const thrice = all.selectKey((word) => word).repartition({ name: 'thrice', key: string(), value: string() })
  all
    .merge(thrice)
    .groupBy((word) => word, { name: 'by-word', key: string() })
    .count({ name: 'counts' })
  expect(countsOf(builder.build(), 3)).toEqual({
    'app-again-repartition': 3,
    'app-thrice-repartition': 3,
    'app-by-word-repartition': 3,
    'app-counts-changelog': 3
  })
})

it('a number that was asked for is kept, and passed on', () => {
  const builder = new StreamsBuilder()
  const wide = builder
    .stream(words)
    .repartition({ name: 'wide', key: string(), value: string(), partitions: 7 })
  wide.groupBy((word) => word, { name: 'by-word', key: string() }).count({ name: 'counts' })
  expect(countsOf(builder.build(), 2)).toEqual({
    'app-wide-repartition': 7,
    'app-by-word-repartition': 7,
    'app-counts-changelog': 7
  })
})
