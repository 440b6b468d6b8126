import type { BenchCase, Suite } from '../case.ts'
import type { AssignorSize } from './assignor.ts'

const taskCounts = [10, 100, 1_000]
const memberCounts = [1, 10, 100]

function assignorCase(size: AssignorSize): BenchCase {
  return {
    group: 'assignor',
    name: `${size.tasks} tasks, ${size.members} members`,
    program: 'assignor',
    settings: size,
    rounds: 1
  }
}

/** What replicas cost: the leader's work in a round. */
export const replicas: Suite = {
  title: 'Replicas: what a rebalance costs',
  async prepare() {
    const sizes = taskCounts.flatMap((tasks) => memberCounts.map((members) => ({ tasks, members })))
    return { cases: sizes.map(assignorCase), close: async () => {} }
  }
}
