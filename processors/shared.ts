import type { OperatorContext } from './operator.ts'

/** Makes something once for each task, for steps of one operator that share it: a store has one way downstream. */
export function sharedInTask<T, A>(make: (context: OperatorContext, argument: A) => T): typeof make {
  const made = new WeakMap<OperatorContext, T>()
  return (context, argument) => {
    let known = made.get(context)
    if (known === undefined) {
      known = make(context, argument)
      made.set(context, known)
    }
    return known
  }
}
