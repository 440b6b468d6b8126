import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { KafkaStreams, PlatformaticClient } from '../../index.ts'
import { server } from '../sinks/servers.ts'
import { takeoverTopology } from '../takeover/topology.ts'
import { JavaApplication } from './takeover.ts'

let app: string
let java: JavaApplication
let directory: string

beforeEach(async () => {
  app = `mixed-${Date.now().toString(36)}`
  java = new JavaApplication(server('KAFKA_BROKERS'), app)
  directory = await mkdtemp(join(tmpdir(), 'store-sku-mixed-'))
  await java.produce({ records: 200, seed: 5 })
})

afterEach(() => rm(directory, { recursive: true, force: true }))

function ours(): KafkaStreams {
  return new KafkaStreams(takeoverTopology(app), {
    applicationId: app,
    kafka: new PlatformaticClient({ brokers: server('KAFKA_BROKERS').split(',') }),
    stateDirectory: directory,
    processingGuarantee: 'exactly_once_v2',
    minFreeDiskBytes: 0
  })
}

async function allDone(streams: KafkaStreams): Promise<void> {
  while (streams.state !== 'RUNNING' || (await streams.lag()).records > 0) await setTimeout(50)
}

it('a Java application that comes into our group is refused, and ours goes on', async () => {
  const streams = ours()
  await streams.start()
  try {
    await allDone(streams)
    await expect(java.runUntilCommitted({ timeout: 20 })).rejects.toThrow(/InconsistentGroupProtocol/)
    await java.produce({ records: 300, seed: 5, from: 200 })
    await allDone(streams)
  } finally {
    await streams.close({ leaveGroup: true })
  }
}, 90_000)

it('ours that comes into the group of a Java application says so, and Java goes on', async () => {
  const stop = new AbortController()
  const running = java.runUntil(stop.signal)
  running.catch(() => undefined)
  const admin = new PlatformaticClient({ brokers: server('KAFKA_BROKERS').split(',') }).admin('mixed')
  const positions = async () => {
    const offsets = await admin.groupOffsets(app, [{ topic: `${app}-input`, partition: 0 }])
    return offsets.get(`${app}-input-0`) ?? 0
  }
  try {
    while ((await positions()) === 0) await setTimeout(50)
    const before = await positions()
    const streams = ours()
    await streams.start()
    await expect(streams.finished).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('members of another kind, such as a Java application')
    })
    await java.produce({ records: 600, seed: 5, from: 200 })
    while ((await positions()) === before) await setTimeout(50)
  } finally {
    stop.abort()
    await running.catch(() => undefined)
    await admin.close()
  }
}, 90_000)
