import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { MemoryIngest } from './memory-ingest.ts'

let system: MemoryIngest

afterEach(() => system.close())

it('buckets are looked through once in a month if so told, though no timer lasts as long', async () => {
  system = new MemoryIngest({ scanIntervalMs: 30 * 24 * 3_600_000 })
  let scans = 0
  system.store.listPages = async function* () {
    scans++
    yield []
  }
  await system.ingest.start()
  await setTimeout(300)
  // each of two buckets, and its reference files first
  expect(scans).toBeLessThanOrEqual(4)
  expect(scans).toBeGreaterThan(0)
})
