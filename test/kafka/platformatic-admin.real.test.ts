import { describe, expect, it } from 'vitest'
import { partitionName } from '../../core/record.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { until, values, workspaces } from './conformance/workspace.ts'
import { realBrokers } from './platformatic/brokers.ts'
import { TransactionalWriter } from './platformatic/transactions.ts'

describe('an admin of real brokers', { timeout: 60_000 }, () => {
  const workspace = workspaces(async () => ({
    client: new PlatformaticClient({ brokers: realBrokers() }),
    close: async () => {}
  }))

  it("ends a dead owner's transaction at once, so that read-committed consumers go on", async () => {
    const space = workspace()
    const topic = await space.topic()
    const id = space.name('dead')
    const dead = await new TransactionalWriter(id).open()
    await dead.write(topic, ['never committed'])
    await space.write(topic, [{ value: 'behind it' }])
    const stable = async () =>
      (await space.admin.listOffsets([{ topic, partition: 0 }], 'latest-stable')).get(partitionName(topic, 0))
    expect(await stable()).toBe(0)
    expect(await space.admin.openTransactions(id)).toMatchObject([{ transactionalId: id, state: 'Ongoing' }])
    expect(await space.admin.openTransactions(`${id}-longer`)).toEqual([])
    const began = Date.now()
    await space.admin.fenceTransactionalId(id)
    await until('the transaction is decided', async () => (await stable()) === 3)
    expect(Date.now() - began).toBeLessThan(5_000)
    expect(await space.admin.openTransactions(id)).toEqual([])
    expect(values(await space.read(topic, 1))).toEqual(['behind it'])
    await expect(dead.commit()).rejects.toThrow()
    await dead.close()
  })

  it('knows the level of transactions', async () => {
    const features = await workspace().admin.finalizedFeatures()
    expect(features.get('transaction.version')).toBeGreaterThanOrEqual(0)
    expect(features.get('metadata.version')).toBeGreaterThan(0)
  })

  it('tells settings that were not given, too', async () => {
    const space = workspace()
    const topic = await space.topic()
    const settings = (await space.admin.topicConfigs([topic])).get(topic)
    expect(settings).toMatchObject({ 'retention.ms': '-1', 'message.timestamp.type': 'CreateTime' })
    expect(await space.admin.topicConfigs([])).toEqual(new Map())
  })

  it('says which setting of which topic is wrong', async () => {
    const space = workspace()
    const topic = await space.topic()
    const altering = space.admin.alterTopicConfigs(topic, { 'retention.ms': 'for ever' })
    await expect(altering).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(altering).rejects.toThrow(new RegExp(`retention.ms of topic '${topic}'.*INVALID_CONFIG`))
    const name = space.name('wrong')
    const creating = space.admin.createTopics([
      { name, partitions: 1, replicas: 1, configs: { 'no.such.setting': '1' } }
    ])
    await expect(creating).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(creating).rejects.toThrow(name)
  })
})
