import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { string } from '../../core/serdes/string.ts'
import type { TransactionVersion } from '../../kafka/platformatic/transaction-coordinator.ts'
import type { TransactionalProducer } from '../../kafka/port/producer.ts'
import { describeTransactions } from './conformance/transactions.ts'
import { append, numbered, takeFor, takeRecords, values, workspaces } from './conformance/workspace.ts'
import { realBrokers } from './platformatic/brokers.ts'
import { openTransactionAndWait } from './platformatic/open-transaction.ts'
import { VersionedClient } from './platformatic/versioned-client.ts'

const text = string()

for (const version of [1, 2] as const)
  describe(`transactions of real brokers, version ${version}`, { timeout: 90_000 }, () => {
    const workspace = workspaces(async () => ({
      client: new VersionedClient(realBrokers(), version),
      close: async () => {}
    }))
    // version 2 is what all clients use with these brokers
    if (version === 1) describeTransactions(workspace)

    it('C: fences the zombie, not the new owner of its transactional id, however often', async () => {
      const space = workspace()
      const topic = await space.topic()
      const transactionalId = space.name('owner')
      let former: TransactionalProducer | undefined
      const kept: string[] = []
      for (let generation = 0; generation < 5; generation++) {
        const next = await space.transactional({ transactionalId })
        await next.begin()
        await append(next, topic, [{ value: `${generation}` }])
        kept.push(`${generation}`)
        if (former !== undefined) {
          await append(former, topic, [{ value: `zombie of ${generation}` }])
          await expect(former.commit()).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
        }
        await next.commit()
        former = next
        await former.begin()
        await append(former, topic, [{ value: 'open' }])
        await former.flush()
      }
      await former?.abort()
      expect(values(await space.read(topic, kept.length))).toEqual(kept)
    })

    it('D: writes to 4 partitions at once, all of it or nothing', async () => {
      const space = workspace()
      const topic = await space.topic(4)
      const partitions = [0, 1, 2, 3]
      const small = await space.topic(1, { 'max.message.bytes': '500' })
      const producer = await space.transactional({ batchBytes: 400, lingerMs: 1 })
      for (let round = 0; round < 20; round++) {
        await producer.begin()
        await Promise.all(
          partitions.map(async (partition) => append(producer, topic, numbered(50, partition, round * 50)))
        )
        await producer.commit()
      }
      // one partition of five refuses its batch: the commit fails, nothing of it is seen
      await producer.begin()
      for (const partition of partitions) await append(producer, topic, numbered(10, partition, 5_000))
      await append(producer, small, [{ value: 'x'.repeat(1000) }])
      await expect(producer.commit()).rejects.toMatchObject({
        code: 'TRANSACTION_ABORTABLE',
        message: expect.stringContaining(`${small}-0`)
      })
      await producer.abort()
      await producer.begin()
      for (const partition of partitions) await append(producer, topic, numbered(10, partition, 1_000))
      await producer.commit()
      const consumer = space.consumer()
      consumer.assign(partitions.map((partition) => ({ topic, partition, offset: 0 })))
      const seen = await takeRecords(consumer, 4 * 1010)
      for (const partition of partitions)
        expect(values(seen.filter((record) => record.partition === partition))).toEqual(
          numbered(1010).map(({ value }) => value)
        )
    })

    it('takes over from a process that was killed within a transaction', async () => {
      const space = workspace()
      const topic = await space.topic()
      const transactionalId = space.name('crashed')
      await killedWithin(version, transactionalId, topic)
      const before = performance.now()
      const producer = await space.transactional({ transactionalId })
      await producer.begin()
      await append(producer, topic, [{ value: 'taken over' }])
      await producer.commit()
      expect(values(await space.read(topic, 1))).toEqual(['taken over'])
      // not after the transaction's timeout of a minute
      expect(performance.now() - before).toBeLessThan(20_000)
    })

    it('tells an owner whose transaction took too long that it is fenced', async () => {
      const space = workspace()
      const topic = await space.topic()
      const producer = await space.transactional({ transactionTimeoutMs: 1_000 })
      await producer.begin()
      await append(producer, topic, [{ value: 'lost' }])
      await producer.flush()
      // the coordinator looks for such transactions every ten seconds
      await new Promise((resolve) => setTimeout(resolve, 12_500))
      await append(producer, topic, [{ value: 'lost, too' }])
      await expect(producer.commit()).rejects.toMatchObject({
        code: 'PRODUCER_FENCED',
        message: expect.stringContaining('longer than its timeout')
      })
    })

    it('does not delay an end by the long poll of a consumer of the same client', async () => {
      const space = workspace()
      const [topic, quiet] = [await space.topic(), await space.topic()]
      const consumer = space.consumer({ maxWaitMs: 5_000 })
      consumer.assign([{ topic: quiet, partition: 0, offset: 0 }])
      const producer = await space.transactional()
      // the poll is under way
      expect(await takeFor(consumer, 500)).toEqual([])
      const before = performance.now()
      for (let i = 0; i < 5; i++) {
        await producer.begin()
        await append(producer, topic, [{ value: `${i}` }])
        await producer.commit()
      }
      expect(performance.now() - before).toBeLessThan(2_500)
    })

    it('K: makes many transactions of 100 records over 4 partitions with offsets a second', async () => {
      const space = workspace()
      const topic = await space.topic(4)
      const input = await space.topic(4)
      const member = space.group({ groupId: space.name('group'), instanceId: 'a', topics: [input] })
      await member.join()
      const producer = await space.transactional()
      const rounds = 200
      const target = await producer.topic(topic)
      const step = async (round: number) => {
        await producer.begin()
        for (let i = 0; i < 100; i++) target.append(i % 4, null, 0, 0, text, `${round} ${i}`, 1, [])
        await producer.flush()
        await producer.sendOffsets(positions(input, round), member)
        await producer.commit()
      }
      await step(0)
      // other tests share the machine: what is possible shows in the fastest 25, of which twice as much is asked as of all
      const ends = [performance.now()]
      for (let round = 1; round <= rounds; round++) {
        await step(round)
        ends.push(performance.now())
      }
      const rates = ends.slice(25).map((end, at) => 25_000 / (end - (ends[at] as number)))
      const perSecond = Math.max(...rates)
      console.log(`version ${version}: ${perSecond.toFixed(0)} transactions a second`)
      expect(perSecond).toBeGreaterThan(30)
      expect(await member.committed(positions(input, 0).slice(0, 1))).toEqual(
        positions(input, rounds).slice(0, 1)
      )
    })
  })

function positions(topic: string, offset: number) {
  return [0, 1, 2, 3].map((partition) => ({ topic, partition, offset, metadata: 'AgAAAYuz=' }))
}

async function killedWithin(
  version: TransactionVersion,
  transactionalId: string,
  topic: string
): Promise<void> {
  const module = new URL('./platformatic/open-transaction.ts', import.meta.url).href
  const args = JSON.stringify([realBrokers(), version, transactionalId, topic])
  const code = `import(${JSON.stringify(module)}).then((m) => m.${openTransactionAndWait.name}(...${args}))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  expect(String(said)).toBe('open\n')
  child.kill('SIGKILL')
  await once(child, 'exit')
}
