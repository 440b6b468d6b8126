import {
  addPartitionsToTxnV3,
  endTxnV4,
  initProducerIdV5,
  txnOffsetCommitV4,
  updateFeaturesV1
} from '@platformatic/kafka'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Channel, defaultChannel, parseAddress } from '../../kafka/platformatic/connections.ts'
import { endTxnV5 } from '../../kafka/platformatic/end-txn-api.ts'
import { addingProduceApi, produceApi } from '../../kafka/platformatic/produce-api.ts'
import type { TransactionalProducer } from '../../kafka/port/producer.ts'
import { append, numbered, takeFor, until, values, workspaces } from './conformance/workspace.ts'
import { LosingProxy } from './platformatic/losing-proxy.ts'
import { OwnBroker } from './platformatic/own-broker.ts'
import { VersionedClient } from './platformatic/versioned-client.ts'

const endTxn = endTxnV4.api.key
const initProducerId = initProducerIdV5.api.key
const produce = addingProduceApi.key
const addPartitions = addPartitionsToTxnV3.api.key
const txnOffsetCommit = txnOffsetCommitV4.api.key

let broker: OwnBroker
let proxy: LosingProxy

beforeAll(async () => {
  proxy = await LosingProxy.start()
  broker = await OwnBroker.start(proxy.settings, (address) => proxy.forwardTo(address))
}, 120_000)
afterEach(() => proxy.keep())
afterAll(async () => {
  await broker?.close()
  await proxy?.close()
})

async function write(producer: TransactionalProducer, topic: string, value: string): Promise<void> {
  await producer.begin()
  await append(producer, topic, [{ value }])
}

for (const version of [1, 2] as const)
  describe(`lost requests and answers of transactions, version ${version}`, { timeout: 120_000 }, () => {
    const workspace = workspaces(async () => ({
      client: new VersionedClient([proxy.address], version),
      close: async () => {}
    }))

    for (const loss of ['request', 'answer'] as const) {
      it(`resolves a commit whose ${loss} was lost`, async () => {
        const space = workspace()
        const topic = await space.topic()
        const producer = await space.transactional()
        const before = proxy.lost
        for (let i = 0; i < 3; i++) {
          await write(producer, topic, `${i}`)
          proxy.lose(endTxn, loss)
          await producer.commit()
        }
        expect(proxy.lost - before).toBe(3)
        expect(values(await space.read(topic, 3))).toEqual(['0', '1', '2'])
      })

      it(`resolves an abort whose ${loss} was lost`, async () => {
        const space = workspace()
        const topic = await space.topic()
        const producer = await space.transactional()
        const before = proxy.lost
        for (let i = 0; i < 3; i++) {
          await write(producer, topic, 'lost')
          await producer.flush()
          proxy.lose(endTxn, loss)
          await producer.abort()
          await write(producer, topic, `${i}`)
          await producer.commit()
        }
        expect(proxy.lost - before).toBe(3)
        expect(values(await space.read(topic, 3))).toEqual(['0', '1', '2'])
      })

      it(`writes once when the ${loss} of every other request is lost`, async () => {
        const space = workspace()
        const topic = await space.topic()
        const input = await space.topic()
        const member = space.group({ groupId: space.name('group'), instanceId: 'a', topics: [input] })
        await member.join()
        const producer = await space.transactional({ batchBytes: 300, lingerMs: 1 })
        const before = proxy.lost
        for (let i = 0; i < 5; i++) {
          proxy.lose(produce, loss, 2)
          if (version === 1) proxy.lose(addPartitions, loss)
          await producer.begin()
          await append(producer, topic, numbered(30, 0, i * 30))
          proxy.lose(txnOffsetCommit, loss)
          await producer.sendOffsets([{ topic: input, partition: 0, offset: i, metadata: `${i}` }], member)
          await producer.commit()
        }
        expect(proxy.lost - before).toBeGreaterThan(10)
        expect(values(await space.read(topic, 150))).toEqual(numbered(150).map(({ value }) => value))
        expect(await member.committed([{ topic: input, partition: 0 }])).toEqual([
          { topic: input, partition: 0, offset: 4, metadata: '4' }
        ])
      })
    }

    it('aborts while batches are lost, and none of them lands later', async () => {
      const space = workspace()
      const topic = await space.topic()
      const producer = await space.transactional({ batchBytes: 300, lingerMs: 1 })
      const kept: (string | null)[] = []
      const before = proxy.lost
      for (let i = 0; i < 5; i++) {
        proxy.lose(produce, i % 2 === 0 ? 'answer' : 'request', 3)
        await producer.begin()
        await append(producer, topic, numbered(50))
        await takeFor(space.consumer(), 10 * i)
        await producer.abort()
        proxy.keep()
        const records = numbered(20, 0, 100 * i)
        await producer.begin()
        await append(producer, topic, records)
        await producer.commit()
        kept.push(...records.map(({ value }) => value))
      }
      expect(proxy.lost).toBeGreaterThan(before)
      expect(values(await space.read(topic, kept.length))).toEqual(kept)
    })

    it('counts a commit whose outcome is not known within its time as an abort, and goes on', async () => {
      const space = workspace()
      const topic = await space.topic()
      const producer = await space.transactional({ deliveryTimeoutMs: 1_000 })
      await write(producer, topic, 'first')
      await producer.commit()
      for (const loss of ['answer', 'request'] as const) {
        await write(producer, topic, `unknown, ${loss}`)
        const before = proxy.lost
        // the broker acts on the first; nothing of the further ones arrives
        proxy.lose(endTxn, loss)
        proxy.lose(endTxn, 'request', 10_000)
        const commit = producer.commit()
        await expect(commit).rejects.toMatchObject({ code: 'TRANSACTION_ABORTABLE' })
        expect(proxy.lost).toBeGreaterThan(before)
        await expect(producer.commit()).rejects.toMatchObject({ code: 'TRANSACTION_ABORTABLE' })
        proxy.keep()
        await producer.abort()
        await write(producer, topic, `after ${loss}`)
        await producer.commit()
      }
      // what the broker has decided is decided: the caller finds out by reading committed offsets again
      expect(values(await space.read(topic, 4))).toEqual([
        'first',
        'unknown, answer',
        'after answer',
        'after request'
      ])
    })

    it('becomes the owner although answers are lost', async () => {
      const space = workspace()
      const topic = await space.topic()
      const transactionalId = space.name('owner')
      const former = await space.transactional({ transactionalId })
      await write(former, topic, 'lost')
      await former.flush()
      const before = proxy.lost
      proxy.lose(initProducerId, 'answer', 2)
      const next = await space.transactional({ transactionalId })
      expect(proxy.lost - before).toBe(2)
      await write(next, topic, 'kept')
      await next.commit()
      await expect(former.commit()).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
      expect(values(await space.read(topic, 1))).toEqual(['kept'])
    })
  })

describe('a cluster that changes its transaction.version', { timeout: 120_000 }, () => {
  const workspace = workspaces(async () => ({
    client: new VersionedClient([proxy.address], 2),
    close: async () => {}
  }))

  it('is followed at each begin', async () => {
    const space = workspace()
    const topic = await space.topic()
    const producer = await space.transactional()
    const kept: string[] = []
    const kinds = [addPartitionsToTxnV3.api, produceApi, endTxnV4.api, addingProduceApi, endTxnV5]
    const used = async (act: () => Promise<void>) => {
      const before = kinds.map((kind) => proxy.seen(kind))
      await act()
      return kinds.map((kind, index) => proxy.seen(kind) > before[index]!)
    }
    const some = async (name: string) => {
      for (let i = 0; i < 3; i++) {
        await write(producer, topic, `${name} ${i}, lost`)
        await producer.flush()
        await producer.abort()
        await write(producer, topic, `${name} ${i}`)
        await producer.commit()
        kept.push(`${name} ${i}`)
      }
    }
    expect(await used(() => some('two'))).toEqual([false, false, false, true, true])
    // changed within a transaction, which ends as it began
    await write(producer, topic, 'across the downgrade')
    await producer.flush()
    await setVersion(1, 2)
    await producer.commit()
    kept.push('across the downgrade')
    expect(await used(() => some('one'))).toEqual([true, true, true, false, false])
    await write(producer, topic, 'across the upgrade')
    await producer.flush()
    await setVersion(2, 1)
    await producer.commit()
    kept.push('across the upgrade')
    expect(await used(() => some('two again'))).toEqual([false, false, false, true, true])
    expect(values(await space.read(topic, kept.length))).toEqual(kept)

    async function setVersion(level: number, upgradeType: 1 | 2): Promise<void> {
      const channel = new Channel(parseAddress(proxy.address), 'test', {}, defaultChannel)
      const answer = await channel.call(
        updateFeaturesV1.api,
        10_000,
        [{ feature: 'transaction.version', maxVersionLevel: level, upgradeType }],
        false
      )
      expect(answer).toMatchObject({ errorCode: 0 })
      await channel.close()
      await until('the brokers know', async () => {
        return (await space.admin.finalizedFeatures()).get('transaction.version') === level
      })
    }
  })

  it('survives a broker that is killed within a transaction', async () => {
    const space = workspace()
    const topic = await space.topic()
    const producer = await space.transactional()
    await write(producer, topic, 'before')
    await producer.commit()
    await write(producer, topic, 'within')
    await producer.flush()
    await broker.kill()
    const committing = (async () => {
      await append(producer, topic, [{ value: 'meanwhile' }])
      await producer.commit()
    })()
    await broker.launch()
    await committing
    await write(producer, topic, 'after')
    await producer.commit()
    expect(values(await space.read(topic, 4))).toEqual(['before', 'within', 'meanwhile', 'after'])
  })
})
