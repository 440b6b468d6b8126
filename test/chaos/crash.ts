import { join } from 'node:path'
import { startServices, stopServices } from '../../deploy/local/services.ts'
import { expectedState } from '../peer/takeover.ts'
import type { CaseResult, ChaosCase } from './case.ts'
import { type CrashTrial, runCrashTrial } from './crash-trial.ts'

const guarantees = ['exactly_once_v2', 'at_least_once'] as const
const engines = ['rocksdb', 'level'] as const
const steps = [1, 2, 3, 4, 5] as const
const expiry = ['before step 6', 'after step 6'] as const
const points = [
  ...steps.flatMap((step) => [`before step ${step}`, `after step ${step}`]),
  ...expiry,
  'restore'
] as const
/** So short that segments of windows expire all along; the input is up to two hours out of order. */
const shortRetentionHours = 3

/**
 * A process killed before and after each step of the commit (the last one drops expired windows), and while it restores, over each engine and
 * guarantee.
 */
export const crash: ChaosCase = {
  name: 'crash',
  describe: 'an application killed at each step of its commit, in expiry and in restore',
  options: [
    { name: 'crash-records', default: '2000', describe: 'input records of each trial' },
    { name: 'crash-points', default: 'all', describe: 'only points that contain this, e.g. "step 3"' }
  ],

  async run(context) {
    const records = context.number('crash-records')
    const only = context.text('crash-points')
    const seed = (context.seed % 1_000_000) + 1
    const directory = join(context.directory, 'services')
    const { kafkaBrokers } = await context.phase('crash: start a broker', () =>
      startServices({ directory, only: ['kafka'] })
    )
    context.atEnd(() => stopServices(directory, { wipe: true }))
    const input = { records, seed }
    const [state, outputs] = await context.phase('crash: what must come out', async () => [
      lines(await expectedState(input, 'dump')),
      lines(await expectedState(input, 'outputs'))
    ])
    const random = context.random('crash')
    const results: CaseResult[] = []
    const chosen = points.filter((point) => only === 'all' || point.includes(only))
    const trials = guarantees.flatMap((guarantee) =>
      engines.flatMap((engine) => chosen.map((point) => ({ guarantee, engine, point })))
    )
    for (const [index, { guarantee, engine, point }] of trials.entries()) {
      const name = `${guarantee === 'at_least_once' ? 'at least once' : 'exactly once'}, ${engine}, ${point}`
      const trial: CrashTrial = {
        name,
        app: `crash-${context.seed}-${index}`,
        guarantee,
        engine,
        point,
        // a run has a few commits only: it must come to the one it is killed in
        after: point === 'restore' ? random.below(4) : 1 + random.below(2),
        ...(expiry.some((one) => one === point) ? { after: 2, retention: shortRetentionHours } : {}),
        input,
        state,
        outputs,
        bootstrap: kafkaBrokers,
        directory: join(context.directory, `trial-${index}`)
      }
      context.bars.update('trials', index, trials.length, name)
      context.watchdog.touch(name)
      results.push(
        await context.phase(`crash: ${name}`, () =>
          // one that could not be carried out must not keep the others from it
          runCrashTrial(trial).catch((error: Error) => ({ name, passed: false, details: error.message }))
        )
      )
    }
    return results
  }
}

function lines(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}
