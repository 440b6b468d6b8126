import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { EngineKind } from '../../state/engine.ts'
import type { ConformanceCase } from './case.ts'
import { replay } from './replay.ts'

/*
 * What Apache Kafka Streams answered, step by step: outputs, stores, and the bytes of changelog and repartition topics. All cases
 * run in memory, a sample on each engine with files.
 */
const directory = join(import.meta.dirname, 'cases')
const cases = readdirSync(directory).map(
  (name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as ConformanceCase
)

describe('as Kafka Streams', () => {
  it.each(cases.map((given) => [given.name, given] as const))('%s', async (_name, given) => {
    expect(await replay(given)).toEqual([])
  })
})

const sample = [
  'cogroup-windowed',
  'group-by-count',
  'join-stream-stream-outer',
  'join-table-table-left',
  'table-suppress-until-time-limit',
  'table-versioned-history',
  'window-session-count',
  'window-sliding-aggregate'
]

describe.each<EngineKind>(['rocksdb', 'level'])('as Kafka Streams, in %s', (kind) => {
  it.each(sample)('%s', async (name) => {
    const given = cases.find((one) => one.name === name) as ConformanceCase
    expect(await replay(given, kind)).toEqual([])
  })
})
