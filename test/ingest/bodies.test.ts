import { afterEach, expect, it, vi } from 'vitest'
import { salesCsv } from './ingest-fixture.ts'
import { created, MemoryIngest } from './memory-ingest.ts'

let system: MemoryIngest

afterEach(() => system.close())

it('of a corrected file no body stays open: each holds a connection to the object store', async () => {
  system = new MemoryIngest()
  system.store.keepsVersions = true
  await system.ingest.start()
  for (const rows of [3_000, 3_001]) {
    system.store.put('sku-us/1/day.csv', salesCsv(rows))
    await system.ingest.announce([created('1/day.csv')])
    await vi.waitFor(
      () => expect(system.lastState('1/day.csv')).toMatchObject({ state: 'done', rows }),
      10_000
    )
  }
  // the first version, the second to see that it can be read, the first again, the second
  expect(system.store.bodies.map(({ destroyed }) => destroyed)).toEqual([true, true, true, true])
})
