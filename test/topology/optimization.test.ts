import { describe, expect, it } from 'vitest'
import { integer, JoinWindows, type Optimization, StreamsBuilder, string, topic } from '../../index.ts'
import { TopologyTestDriver } from '../../testing.ts'

const numbers = topic('numbers', { key: string(), value: integer() })
const counts = topic('counts', { key: string(), value: integer() })
const sums = topic('sums', { key: string(), value: integer() })
const pairs = topic('pairs', { key: string(), value: string() })

function graph(optimization: readonly Optimization[]) {
  const builder = new StreamsBuilder({ optimization })
  const key = string()
  const byParity = builder.stream(numbers).selectKey<string>((n) => (n % 2 === 0 ? 'even' : 'odd'))
  byParity.groupByKey({ name: 'counted', key }).count({ name: 'counts' }).toStream().to(counts)
  byParity
    .groupByKey({ name: 'summed', key })
    .reduce({ name: 'sums', reducer: (n, sum) => n + sum })
    .toStream()
    .to(sums)
  byParity
    .join(byParity, (a, b) => `${a}+${b}`, {
      name: 'pairs',
      key,
      windows: JoinWindows.ofTimeDifferenceWithNoGrace(5)
    })
    .to(pairs)
  return builder.build()
}

describe('merge.repartition.topics', () => {
  const plain = graph([])
  const merged = graph(['merge.repartition.topics'])

  it('groups and joins that begin at one step share the topic of the first', () => {
    const topics = (topology: typeof plain) => topology.repartitions().map(({ topicName }) => topicName)
    expect(topics(plain)).toEqual([
      'counted-repartition',
      'summed-repartition',
      'pairs-left-repartition',
      'pairs-right-repartition'
    ])
    expect(topics(merged)).toEqual(['counted-repartition'])
  })

  it('changes nothing that comes out', () => {
    const [first, second] = [new TopologyTestDriver(plain), new TopologyTestDriver(merged)]
    for (let i = 0; i < 60; i++)
      for (const driver of [first, second])
        driver.pipe(numbers, { key: `k${i % 7}`, value: (i * 7919) % 31, timestamp: i * 2 })
    for (const out of [counts, sums]) {
      const expected = first.read(out)
      expect(expected.length).toBeGreaterThan(1)
      expect(second.read(out)).toEqual(expected)
    }
    const found = second.read(pairs).map(({ value }) => value)
    expect(found.length).toBeGreaterThan(60)
    expect(found.toSorted()).toEqual(
      first
        .read(pairs)
        .map(({ value }) => value)
        .toSorted()
    )
  })

  it('keeps apart what is written otherwise, has other partitions, or was asked for', () => {
    const builder = new StreamsBuilder({ optimization: ['merge.repartition.topics'] })
    const key = string()
    const stream = builder.stream(numbers).selectKey(String)
    stream.groupByKey({ name: 'a', key }).count({ name: 'a' })
    stream.groupByKey({ name: 'b', key, partitions: 3 }).count({ name: 'b' })
    stream.groupByKey({ name: 'c', key, value: { ...integer() } }).count({ name: 'c' })
    stream.repartition({ name: 'd', key }).groupByKey().count({ name: 'd' })
    stream
      .filter((n) => n > 1)
      .groupByKey({ name: 'e', key })
      .count({ name: 'e' })
    expect(builder.build().repartitions()).toHaveLength(5)
    expect(() => stream.groupByKey({ name: 'a', key })).toThrow(/used twice/)
  })
})
