import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { partitionName } from '../../core/record.ts'
import { type KafkaCluster, startCluster } from '../../deploy/local/cluster.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { Cluster } from '../../kafka/platformatic/cluster.ts'
import type { Producer } from '../../kafka/port/producer.ts'
import { append, numbered, sleep, takeRecords, until, Workspace } from './conformance/workspace.ts'

const partitions = 6

describe('a cluster that loses a broker', { timeout: 240_000 }, () => {
  let directory: string
  let cluster: KafkaCluster
  let space: Workspace
  let topic: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'store-sku-lost-'))
    // brokers, too, ask the controller, which may be the one that hangs
    const settings = { 'controller.socket.timeout.ms': '5000', 'broker.session.timeout.ms': '5000' }
    cluster = await startCluster({ directory, brokers: 3, heapMb: 256, settings })
    space = new Workspace(new PlatformaticClient(options()))
    topic = space.name('lost')
    await space.admin.createTopics([
      { name: topic, partitions, replicas: 3, configs: { 'retention.ms': '-1' } }
    ])
  }, 180_000)
  afterAll(async () => {
    await space?.close()
    await cluster?.stop({ wipe: true })
    await rm(directory, { recursive: true, force: true })
  }, 60_000)

  /** A paused broker is found out by requests that nobody answers. */
  const options = () => ({ brokers: cluster.bootstrap.split(','), requestTimeoutMs: 4_000 })
  const all = Array.from({ length: partitions }, (_, partition) => partition)

  async function write(producer: Producer, first: number): Promise<void> {
    await append(
      producer,
      topic,
      all.flatMap((partition) => numbered(10, partition, first))
    )
    await producer.flush()
  }

  async function ends(): Promise<number[]> {
    const asked = all.map((partition) => ({ topic, partition }))
    const found = await space.admin.listOffsets(asked, 'latest')
    return all.map((partition) => found.get(partitionName(topic, partition)) ?? -1)
  }

  /** Leaders as the metadata names them, by partition. */
  async function leaders(): Promise<number[]> {
    const known = new Cluster('test', options())
    await known.refresh([topic])
    const found = known.topic(topic)!.partitions.map(({ leader }) => leader)
    await known.close()
    return found
  }

  it.each(['kill', 'pause'] as const)('goes on with the others after a %s', async (end) => {
    const producer = await space.producer()
    const consumer = space.consumer()
    const before = await ends()
    consumer.assign(all.map((partition) => ({ topic, partition, offset: before[partition]! })))
    const member = space.group({ groupId: space.name('group'), instanceId: 'one', topics: [topic] })
    await member.join()
    await write(producer, 0)
    const [victim = 1] = await leaders()
    await cluster.node(victim)[end]()
    const began = Date.now()
    // leaders and perhaps coordinator and controller are gone: every call finds the new ones by itself
    await write(producer, 10)
    expect(await ends()).toEqual(before.map((offset) => offset + 20))
    await member.commit([{ topic, partition: 0, offset: 20, metadata: end }])
    const second = space.name('second')
    await space.admin.createTopics([{ name: second, partitions: 1, replicas: 2, configs: {} }])
    expect((await space.admin.describeTopics([second])).size).toBe(1)
    expect(Date.now() - began).toBeLessThan(150_000)
    expect(await leaders()).not.toContain(victim)
    await takeRecords(consumer, 20 * partitions)
    member.check()
    // and a client that begins now, with the lost one first in its list
    const late = new PlatformaticClient({
      ...options(),
      brokers: [cluster.node(victim).address, ...cluster.bootstrap.split(',')]
    }).admin('late')
    expect((await late.describeTopics([topic])).get(topic)?.partitions).toBe(partitions)
    await late.close()
    await (end === 'kill' ? cluster.node(victim).start() : cluster.node(victim).resume())
    await until('the broker is back', async () => {
      const known = new Cluster('test', options())
      await known.refresh([])
      const back = known.brokers.includes(victim)
      await known.close()
      return back
    })
    await sleep(500)
    await write(producer, 20)
    expect(await ends()).toEqual(before.map((offset) => offset + 30))
    await takeRecords(consumer, 10 * partitions)
  })
})
