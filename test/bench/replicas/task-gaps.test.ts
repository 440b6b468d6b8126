import { expect, it } from 'vitest'
import { MemoryBroker } from '../../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../../kafka/memory/memory-client.ts'
import { replicaTopics } from '../../chaos/replicas-graph.ts'
import { longestGap, TaskGaps } from './task-gaps.ts'

it.each([
  ['that ended', [5, 10, 40, 50], 30],
  ['that began before', [0, 20, 38], 20],
  ['that goes on', [5, 10, 12, 14], 36],
  ['that began before and goes on', [5], 45],
  ['of what was never heard of', [], 40],
  ['but not what came later', [12, 45, 90], 33]
])('the longest gap is one %s', (_, arrivals, expected) => {
  expect(longestGap(arrivals, 10, 50)).toBe(expected)
})

it('there are no gaps of no task', async () => {
  const broker = new MemoryBroker()
  const { totals } = replicaTopics('test-', 2)
  broker.createTopicSync(totals.name, totals.partitions, {})
  const gaps = new TaskGaps(new MemoryClient(broker), totals, 1, 2)
  expect(() => gaps.longest([], 0, 10)).toThrow('no task')
  expect(gaps.longest(['1_0', '1_1'], 0, 10)).toBe(10)
  await gaps.close()
})
