import { expect } from 'vitest'
import { brokerCode } from '../../../kafka/platformatic/errors.ts'
import { sleep } from '../conformance/workspace.ts'

const passing: readonly number[] = [
  brokerCode.concurrentTransactions,
  brokerCode.coordinatorLoading,
  brokerCode.coordinatorNotAvailable,
  brokerCode.notCoordinator,
  brokerCode.notLeaderOrFollower,
  brokerCode.unknownTopicOrPartition
]

/** Asks again while the coordinator is busy with the transaction before, or a broker has not heard of a new topic. */
export async function retryConcurrent<T>(ask: () => Promise<T>, codeOf: (answer: T) => number): Promise<T> {
  for (const end = Date.now() + 20_000; ; await sleep(20)) {
    const answer = await ask()
    if (passing.includes(codeOf(answer)) && Date.now() < end) continue
    expect(codeOf(answer)).toBe(0)
    return answer
  }
}
