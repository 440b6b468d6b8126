import type { CaseResult, ChaosCase } from './case.ts'
import { transformOptions, transformUnderBlows } from './transform-case.ts'

const versions: Readonly<Record<string, readonly (1 | 2)[]>> = { 1: [1], 2: [2], both: [1, 2] }

/** Exactly once: what Kafka's own consumer reads committed is each input record once, whatever was killed. */
export const transactions: ChaosCase = {
  name: 'transactions',
  describe: 'consume, transform, produce exactly once: nothing lost, nothing twice',
  options: [
    ...transformOptions,
    { name: 'aborts', default: '10', describe: 'how often a transaction is aborted on purpose' },
    { name: 'zombies', default: '2', describe: 'how often a worker wakes up after its place was taken' },
    { name: 'protocol', default: 'both', describe: 'version of transactions: 1, 2 or both (KIP-890)' }
  ],

  async run(context) {
    const chosen = versions[context.text('protocol')]
    if (chosen === undefined) throw new Error('--protocol is 1, 2 or both')
    const results: CaseResult[] = []
    for (const transactionVersion of chosen)
      results.push(
        await transformUnderBlows(context, {
          name: `transactions v${transactionVersion}`,
          guarantee: 'exactly-once',
          transactionVersion,
          aborts: context.number('aborts'),
          zombies: context.number('zombies'),
          judge: ({ missing, duplicates, outsideRange, withoutNumber, openTransaction }) => [
            ...(missing === 0 && outsideRange === 0 && withoutNumber === 0
              ? []
              : ['records are lost or garbled']),
            ...(duplicates === 0 ? [] : ['records are there twice']),
            ...(openTransaction === true ? ['a transaction is still open'] : [])
          ]
        })
      )
    return results
  }
}
