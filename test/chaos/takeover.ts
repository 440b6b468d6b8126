import { join } from 'node:path'
import { startServices, stopServices } from '../../deploy/local/services.ts'
import { expectedState } from '../peer/takeover.ts'
import type { CaseResult, ChaosCase } from './case.ts'
import { runTakeoverTrial } from './takeover-trial.ts'

const cacheBytes = 10 * 1024 * 1024
/** Where nothing of a transaction has happened yet, so that the next run has something to be killed in. */
const beforeTheEnd = ['before step 2', 'after step 2', 'after step 3', 'before step 4'] as const
const atTheEnd = ['after step 4', 'before step 5', 'after step 5'] as const

/** An application begun in Java and gone on with here, and the other way round; ours is killed on the way as well. */
export const takeover: ChaosCase = {
  name: 'takeover',
  describe: 'an application handed from Java to TypeScript and back, killed on the way',
  options: [{ name: 'takeover-records', default: '2000', describe: 'input records of each trial' }],

  async run(context) {
    const directory = join(context.directory, 'services')
    const { kafkaBrokers } = await context.phase('takeover: start a broker', () =>
      startServices({ directory, only: ['kafka'] })
    )
    context.atEnd(() => stopServices(directory, { wipe: true }))
    const input = { records: context.number('takeover-records'), seed: (context.seed % 1_000_000) + 1 }
    const [state, outputs] = await context.phase('takeover: what must come out', () =>
      Promise.all([expectedState(input, 'dump'), expectedState(input, 'outputs')])
    )
    const random = context.random('takeover')
    const trials = (['java', 'ours'] as const).flatMap((first) => [
      ...(['exactly_once_v2', 'at_least_once'] as const).flatMap((guarantee) =>
        [0, cacheBytes].map((cache) => ({ first, guarantee, cache, kills: [] }))
      ),
      {
        first,
        guarantee: 'exactly_once_v2' as const,
        cache: 0,
        kills: [...random.shuffled([...beforeTheEnd]).slice(0, 2), random.pick(atTheEnd)]
      }
    ])
    const results: CaseResult[] = []
    for (const [index, trial] of trials.entries()) {
      const name = [
        trial.first === 'java' ? 'Java, then ours' : 'ours, then Java',
        trial.guarantee === 'at_least_once' ? 'at least once' : 'exactly once',
        trial.cache === 0 ? 'no cache' : 'cache',
        ...(trial.kills.length > 0 ? [`killed ${trial.kills.join(', ')}`] : [])
      ].join(', ')
      context.bars.update('trials', index, trials.length, name)
      context.watchdog.touch(name)
      const app = `takeover-${context.seed}-${index}`
      results.push(
        await context.phase(`takeover: ${name}`, () =>
          runTakeoverTrial({
            ...{ ...trial, name, app, input, state, outputs },
            bootstrap: kafkaBrokers,
            directory: join(context.directory, `trial-${index}`)
          }).catch((error: Error) => ({ name, passed: false, details: error.message }))
        )
      )
    }
    return results
  }
}
