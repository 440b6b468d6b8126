import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StreamsError } from '../../core/errors.ts'
import { type KafkaCluster, startCluster } from '../../deploy/local/cluster.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import type { Consumer } from '../../kafka/port/consumer.ts'
import { append, numbered, takeRecords, until, values, Workspace } from './conformance/workspace.ts'

async function thrownBy(consumer: Consumer): Promise<StreamsError> {
  let thrown: unknown
  await until('it throws', async () => {
    await consumer.arrival(100)
    try {
      expect(consumer.take()).toEqual([])
      return false
    } catch (error) {
      thrown = error
      return true
    }
  })
  return thrown as StreamsError
}

describe('a log that is damaged while its broker is down', { timeout: 120_000 }, () => {
  let folder: string
  let cluster: KafkaCluster
  let space: Workspace
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'store-sku-damage-'))
    cluster = await startCluster({ directory: folder, brokers: 1 })
    space = new Workspace(new PlatformaticClient({ brokers: [cluster.bootstrap] }))
  }, 180_000)
  afterAll(async () => {
    await space?.close()
    await cluster?.stop({ wipe: true })
    await rm(folder, { recursive: true, force: true })
  }, 60_000)

  /** Writes batches of 5 records each. */
  async function write(topic: string, batches: number, first = 0): Promise<void> {
    const producer = await space.client.producer({ clientId: 'test' })
    for (let batch = 0; batch < batches; batch++) {
      await append(producer, topic, numbered(5, 0, first + batch * 5))
      await producer.flush()
    }
    await producer.close()
  }

  async function segmentOf(topic: string): Promise<string> {
    const log = join(folder, 'node-1', 'data', `${topic}-0`)
    return join(log, (await readdir(log)).find((name) => name.endsWith('.log'))!)
  }

  /** Where the last batches begin in a file of batches. */
  function starts(bytes: Buffer): number[] {
    const found: number[] = []
    for (let at = 0; at + 12 < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) found.push(at)
    return found
  }

  it('throws BATCH_CORRUPT for a flipped byte, and passes nothing over', async () => {
    const topic = await space.topic()
    await write(topic, 3)
    await cluster.node(1).stop()
    const file = await segmentOf(topic)
    const bytes = await readFile(file)
    const second = starts(bytes)[1]!
    bytes[second + 100] = bytes[second + 100]! ^ 0x10
    await writeFile(file, bytes)
    await cluster.node(1).start()
    const consumer = space.consumer()
    consumer.assign([{ topic, partition: 0, offset: 0 }])
    expect(values(await takeRecords(consumer, 5))).toEqual(numbered(5).map(({ value }) => value))
    const error = await thrownBy(consumer)
    expect(error).toMatchObject({ code: 'BATCH_CORRUPT', action: 'stop' })
    expect(error.message).toMatch(new RegExp(`${topic}-0: the batch at offset 5 has CRC32C`))
    expect(consumer.position(topic, 0)).toBe(5)
    expect(() => consumer.take()).toThrow(/offset 5/)
    // what comes after it can be read on purpose
    consumer.assign([{ topic, partition: 0, offset: 10 }])
    expect(await takeRecords(consumer, 5)).toHaveLength(5)
  })

  for (const policy of ['fail', 'earliest', 'latest'] as const)
    it(`notices a log that lost its end and has grown again, policy ${policy}`, async () => {
      const topic = await space.topic()
      await write(topic, 4)
      const consumer = space.consumer({ offsetReset: policy })
      consumer.assign([{ topic, partition: 0, offset: 0 }])
      await takeRecords(consumer, 20)
      // idle: the log must not be read while it is rebuilt
      consumer.pause(topic, 0)
      await cluster.node(1).stop()
      const file = await segmentOf(topic)
      await truncate(file, starts(await readFile(file))[2]!)
      await cluster.node(1).start()
      // beyond the position: from its number alone, nothing is amiss
      await write(topic, 4, 100)
      consumer.resume(topic, 0)
      if (policy === 'fail') {
        const error = await thrownBy(consumer)
        expect(error.code).toBe('OFFSET_OUT_OF_RANGE')
        expect(error.message).toMatch(
          new RegExp(`${topic}-0: .*from offset 10 on .*up to offset 20.*Records 10 to 19 are lost`)
        )
        consumer.assign([{ topic, partition: 0, offset: 10 }])
      }
      expect(values(await takeRecords(consumer, 20))).toEqual(numbered(20, 0, 100).map(({ value }) => value))
    })
})
