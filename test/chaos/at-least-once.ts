import type { ChaosCase } from './case.ts'
import { transformOptions, transformUnderBlows } from './transform-case.ts'

/** Without transactions: records may be there twice after a kill, but none may be missing. */
export const atLeastOnce: ChaosCase = {
  name: 'at-least-once',
  describe: 'the same without transactions: nothing lost, some may be twice',
  options: transformOptions,

  async run(context) {
    return [
      await transformUnderBlows(context, {
        name: 'at-least-once',
        guarantee: 'at-least-once',
        transactionVersion: 2,
        aborts: 0,
        zombies: 0,
        judge: ({ missing, outsideRange, withoutNumber }) =>
          missing === 0 && outsideRange === 0 && withoutNumber === 0 ? [] : ['records are lost or garbled']
      })
    ]
  }
}
