import type { Forward, Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'

/** One way out of a split; without a predicate it takes what no earlier one took. */
export interface BranchTarget<K, V> {
  readonly child: string
  readonly predicate: ((value: V, key: K) => boolean) | undefined
}

/** Hands each record to the first branch that takes it; one that none takes ends here. After `KStreamBranch`. */
export function branch<K, V>(targets: readonly BranchTarget<K, V>[]): Operator<K, V, K, V> {
  return (_downstream, _context, children) => {
    const ways = targets.map(({ child, predicate }) => ({
      takes: predicate === undefined ? undefined : synchronous('branch', predicate),
      forward: (children.get(child) ?? ignore) as Forward<K, V>
    }))
    return (value, key, timestamp, headers) => {
      for (const { takes, forward } of ways) {
        if (takes === undefined || takes(value, key, undefined))
          return forward(value, key, timestamp, headers)
      }
    }
  }
}

const ignore: Forward<unknown, unknown> = () => undefined
