import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin, type AdminOptions } from '@platformatic/kafka'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type ClusterOptions, type KafkaCluster, startCluster } from '../../deploy/local/cluster.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'

let directory: string
let cluster: KafkaCluster | undefined

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'store-sku-cluster-'))
})

afterEach(async () => {
  await cluster?.stop({ wipe: true })
  cluster = undefined
  await rm(directory, { recursive: true, force: true })
})

async function start(options: Omit<ClusterOptions, 'directory'> = {}): Promise<KafkaCluster> {
  cluster = await startCluster({ directory, ...options })
  return cluster
}

async function withAdmin<T>(
  bootstrap: string,
  action: (admin: Admin) => Promise<T>,
  more: Partial<AdminOptions> = {}
): Promise<T> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: bootstrap.split(','), ...more })
  try {
    return await action(admin)
  } finally {
    await admin.close()
  }
}

async function transactionVersion(bootstrap: string): Promise<number | undefined> {
  const admin = new PlatformaticClient({ brokers: bootstrap.split(',') }).admin('test')
  const features = await admin.finalizedFeatures()
  await admin.close()
  return features.get('transaction.version')
}

it('three nodes keep three copies, and come back from whatever befalls them', async () => {
  const { bootstrap, node } = await start({ settings: { 'num.partitions': '5' } })
  const listed = () =>
    withAdmin(bootstrap, async (admin) => {
      const { brokers } = await admin.metadata({ topics: [], forceUpdate: true })
      return [...brokers.keys()].sort()
    })
  const replicas = await withAdmin(bootstrap, async (admin) => {
    await admin.createTopics({ topics: ['lines'], partitions: 2, replicas: 3 })
    await expect
      .poll(
        async () => {
          const { topics } = await admin.metadata({ topics: ['lines'], forceUpdate: true })
          return topics.get('lines')?.partitions.every(({ isr }) => isr.length === 3)
        },
        { timeout: 20_000 }
      )
      .toBe(true)
    const { topics } = await admin.metadata({ topics: ['lines'] })
    return topics.get('lines')?.partitions.map((partition) => [...partition.replicas].sort())
  })
  expect(replicas).toEqual([
    [1, 2, 3],
    [1, 2, 3]
  ])
  const pid = node(2).pid
  await node(2).kill()
  await expect.poll(listed, { timeout: 20_000 }).toEqual([1, 3])
  await node(2).start()
  expect(await listed()).toEqual([1, 2, 3])
  expect(node(2).pid).not.toBe(pid)
  await node(3).pause()
  await expect.poll(() => withAdmin(node(1).address, brokersOf), { timeout: 20_000 }).toEqual([1, 2])
  await node(3).resume()
  await node(3).answering()
  await node(1).stop()
  await node(1).start()
  await node(1).start()
  expect(await listed()).toEqual([1, 2, 3])
  expect(await transactionVersion(bootstrap)).toBe(2)
  expect(() => node(4)).toThrow('there is no node 4; there are 1 to 3')
}, 180_000)

it('begins with the feature levels that are asked for, and goes on with its data', async () => {
  const first = await start({ brokers: 1, features: { 'transaction.version': 1 } })
  expect(await transactionVersion(first.bootstrap)).toBe(1)
  await withAdmin(first.bootstrap, (admin) =>
    admin.createTopics({ topics: ['kept'], partitions: 1, replicas: 1 })
  )
  await first.stop()
  const second = await start({ brokers: 1 })
  expect(await withAdmin(second.bootstrap, (admin) => admin.listTopics())).toEqual(['kept'])
  // a start in the same place ends what an earlier one left running
  const third = await start({ brokers: 1 })
  expect(await withAdmin(third.bootstrap, (admin) => admin.listTopics())).toEqual(['kept'])
  expect(await transactionVersion(third.bootstrap)).toBe(1)
}, 120_000)

it('asks clients for a password, but not its own brokers', async () => {
  const { bootstrap, internalBootstrap } = await start({
    brokers: 2,
    clientProtocol: 'SASL_PLAINTEXT',
    settings: {
      'sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.client.plain.sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required user_writer="secret";'
    }
  })
  const sasl = (password: string) => ({
    retries: 0,
    sasl: { mechanism: 'PLAIN', username: 'writer', password } as const
  })
  expect(await withAdmin(bootstrap, brokersOf, sasl('secret'))).toEqual([1, 2])
  await expect(withAdmin(bootstrap, brokersOf, sasl('wrong'))).rejects.toThrow()
  expect(await withAdmin(internalBootstrap, brokersOf)).toEqual([1, 2])
}, 120_000)

async function brokersOf(admin: Admin): Promise<number[]> {
  const { brokers } = await admin.metadata({ topics: [], forceUpdate: true })
  return [...brokers.keys()].sort()
}
