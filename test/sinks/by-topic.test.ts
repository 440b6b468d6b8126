import { expect, it } from 'vitest'
import { sinkByTopic } from '../../sinks/by-topic.ts'
import type { Sink, SinkBatch } from '../../sinks/sink.ts'

function recording(name: string, calls: string[]): Sink<string, string> {
  return {
    name,
    async open(topic, _, partition) {
      calls.push(`${name} opens ${topic}-${partition}`)
      return 5
    },
    released(topic, partition) {
      calls.push(`${name} releases ${topic}-${partition}`)
    },
    async write({ topic, next }) {
      calls.push(`${name} writes ${topic} up to ${next}`)
      return []
    },
    async close() {
      calls.push(`${name} closes`)
      if (name === 'b') throw new Error('b does not close')
    }
  }
}

const batch = (topic: string): SinkBatch<string, string> => ({
  topic,
  topicId: 'id',
  partition: 0,
  records: [],
  first: 5,
  next: 6
})

it('a partition is released by the sink of its topic, which need not ask for it', () => {
  const calls: string[] = []
  const { released, ...silent } = recording('c', calls)
  const sink = sinkByTopic(
    'both',
    new Map([
      ['x', recording('b', calls)],
      ['y', silent]
    ])
  )
  sink.released?.('x', 3)
  sink.released?.('y', 4)
  sink.released?.('z', 5)
  expect(calls).toEqual(['b releases x-3'])
})

it('each topic goes to its own sink, all are closed, and a topic without one is refused', async () => {
  const calls: string[] = []
  const sink = sinkByTopic(
    'both',
    new Map([
      ['x', recording('b', calls)],
      ['y', recording('c', calls)]
    ])
  )
  expect(await sink.open('y', 'id', 2)).toBe(5)
  await sink.write(batch('x'))
  await sink.write(batch('y'))
  await expect(sink.write(batch('z'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await expect(sink.close()).rejects.toThrow('b does not close')
  expect(calls).toEqual(['c opens y-2', 'b writes x up to 6', 'c writes y up to 6', 'b closes', 'c closes'])
})
