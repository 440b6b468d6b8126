import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useLevelThread } from '../../state/engines/level-thread.ts'
import { withDirectory } from './directories.ts'
import { type ModelledStore, runRandomOperations, runStore, storeKinds } from './random-operations.ts'

// each restart of a store would wait for a thread of its own
let released: () => Promise<void>
beforeAll(async () => {
  const thread = useLevelThread()
  released = () => thread.release()
  await thread.ready
})
afterAll(() => released())

/** The others have no cache. */
const cachedKinds: readonly ModelledStore[] = ['key-value', 'window', 'session']

describe.each(['memory', 'rocksdb', 'level'] as const)('over %s', (engine) => {
  test.each(
    storeKinds.flatMap((kind) =>
      (cachedKinds.includes(kind) ? [true, false] : [false]).map((cached) => ({ kind, cached }))
    )
  )(
    'a $kind store agrees with its model, cached: $cached',
    async ({ kind, cached }) => {
      // odd seeds have room for all, even ones little
      for (let seed = 1; seed <= (engine === 'memory' ? 4 : 2); seed++)
        await withDirectory((directory) =>
          runStore(kind, { engine, cached, seed, goOn: (step) => step < 1500, directory })
        )
    },
    120_000
  )
})

test('random operations go on for as long as they are told', () =>
  withDirectory(async (directory) => {
    for (const kind of storeKinds) {
      const started = performance.now()
      const run = {
        engine: 'memory',
        kind,
        seed: 1,
        durationMs: 200,
        directory: `${directory}/${kind}`
      } as const
      expect(await runRandomOperations(run)).toBeGreaterThan(10)
      expect(performance.now() - started).toBeGreaterThan(199)
    }
  }))
