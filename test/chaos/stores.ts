import { join } from 'node:path'
import { useLevelThread } from '../../state/engines/level-thread.ts'
import { runRandomOperations, storeKinds } from '../state/random-operations.ts'
import type { CaseResult, ChaosCase } from './case.ts'

const engines = ['memory', 'rocksdb', 'level'] as const

/** Every kind of store, over every engine, does what a simple model does, whatever comes in whatever order, restarts included. */
export const stores: ChaosCase = {
  name: 'stores',
  describe: 'random operations on every kind of store, against a model',
  options: [{ name: 'stores-seconds', default: '600', describe: 'how long, in all' }],

  async run(context) {
    const trials = engines.flatMap((engine) => storeKinds.map((kind) => ({ engine, kind })))
    const durationMs = (context.number('stores-seconds') * 1000) / trials.length
    const results: CaseResult[] = []
    // kept for all: a thread made anew at each restart would take most of the time
    const thread = useLevelThread()
    await thread.ready
    for (const [index, { engine, kind }] of trials.entries()) {
      const name = `${kind}, ${engine}`
      context.bars.update('stores', index, trials.length, name)
      context.watchdog.touch(name)
      const directory = join(context.directory, `${engine}-${kind}`)
      try {
        const operations = await runRandomOperations({
          engine,
          kind,
          seed: context.seed,
          durationMs,
          directory
        })
        results.push({ name, passed: true, details: `${operations} operations` })
      } catch (error) {
        results.push({ name, passed: false, details: (error as Error).message })
      }
    }
    await thread.release()
    return results
  }
}
