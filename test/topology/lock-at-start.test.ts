import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  integer,
  KafkaStreams,
  lockText,
  lockTopology,
  StreamsBuilder,
  string,
  type Topology,
  topic
} from '../../index.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'

const numbers = topic('numbers', { key: string(), value: integer() })
const doubles = topic('doubles', { key: string(), value: integer() })

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-at-start-'))
})
afterEach(() => rm(directory, { recursive: true }))

function counting(name: string, declare: (builder: StreamsBuilder) => void = () => undefined): Topology {
  const builder = new StreamsBuilder()
  builder.stream(numbers).groupByKey().count({ name })
  declare(builder)
  return builder.build()
}

async function start(
  topology: Topology,
  locked: Topology
): Promise<{ topics: readonly string[]; warned: string[] }> {
  const topologyLock = join(directory, 'topology.lock.json')
  await writeFile(topologyLock, lockText(lockTopology(locked)))
  const broker = new MemoryBroker()
  const warned: string[] = []
  const app = new KafkaStreams(topology, {
    applicationId: 'app',
    kafka: new MemoryClient(broker),
    stateDirectory: join(directory, 'state'),
    engine: 'memory',
    topologyLock,
    logger: { info: () => undefined, warn: (message) => void warned.push(message), error: () => undefined }
  })
  const topics = async () => [
    ...(await new MemoryClient(broker).admin('t').describeTopics(['numbers'])).keys()
  ]
  try {
    await app.start()
    return { topics: await topics(), warned }
  } catch (error) {
    expect(await topics()).toEqual([])
    throw error
  } finally {
    await app.close()
  }
}

it('an application whose graph is the locked one starts', async () => {
  expect(await start(counting('counts'), counting('counts'))).toEqual({ topics: ['numbers'], warned: [] })
})

it('one with a compatible change starts and tells', async () => {
  const more = counting('counts', (builder) => void builder.table(doubles, { name: 'doubles' }))
  const { warned } = await start(more, counting('counts'))
  expect(warned).toEqual([
    expect.stringContaining('store "doubles" is new, and so is all that it is filled from'),
    expect.stringContaining('topic "doubles" is now read')
  ])
})

it('one whose state would not fit does not start, and has touched nothing', async () => {
  await expect(start(counting('totals'), counting('counts'))).rejects.toMatchObject({
    code: 'TOPOLOGY_CHANGED',
    message: expect.stringContaining('- store "counts" is now named "totals": it would begin empty')
  })
})
