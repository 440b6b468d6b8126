import { afterEach, describe, expect, it } from 'vitest'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { verifyTopic } from '../peer/verify.ts'
import { takeFor, takeRecords, until, values, workspaces } from './conformance/workspace.ts'
import { realBrokers } from './platformatic/brokers.ts'
import { TransactionalWriter } from './platformatic/transactions.ts'

describe('transactions of real brokers', { timeout: 60_000 }, () => {
  const workspace = workspaces(async () => ({
    client: new PlatformaticClient({ brokers: realBrokers() }),
    close: async () => {}
  }))
  const writers: TransactionalWriter[] = []

  async function writer(): Promise<TransactionalWriter> {
    const opened = new TransactionalWriter(workspace().name('transactional'))
    writers.push(opened)
    return await opened.open()
  }

  afterEach(async () => {
    for (const opened of writers.splice(0)) await opened.close()
  })

  /** Kafka's own consumer sees as many committed records, each once. */
  async function agreesWithJava(topic: string, records: number): Promise<void> {
    const verdict = await verifyTopic({ bootstrap: realBrokers().join(','), topic, uniqueBy: 'value' })
    expect(verdict).toMatchObject({ records, duplicates: 0, openTransaction: false })
  }

  it('A: delivers none of several aborted transactions in one fetch', async () => {
    const space = workspace()
    const topic = await space.topic()
    const a = await writer()
    const b = await writer()
    await space.write(topic, [{ value: 'plain 1' }])
    for (let round = 0; round < 4; round++) {
      await a.write(topic, [`aborted a${round}`, `aborted a${round} again`])
      // the transactions of two producers overlap
      await b.write(topic, [`b${round}`])
      await a.abort()
      await a.write(topic, [`a${round}`])
      await b.write(topic, [`b${round} again`])
      await a.commit()
      await (round % 2 === 0 ? b.commit() : b.abort())
    }
    await space.write(topic, [{ value: 'plain 2' }])
    const expected = ['plain 1', ...['b0', 'a0', 'b0 again', 'a1', 'b2', 'a2', 'b2 again', 'a3'], 'plain 2']
    expect(values(await space.read(topic, expected.length))).toEqual(expected)
    await agreesWithJava(topic, expected.length)
    const uncommitted = space.consumer({ isolation: 'read_uncommitted' })
    uncommitted.assign([{ topic, partition: 0, offset: 0 }])
    expect(await takeRecords(uncommitted, 2 + 4 * 5)).toHaveLength(22)
  })

  it('B: delivers none of an aborted transaction that is larger than a fetch', async () => {
    const space = workspace()
    const topic = await space.topic()
    const a = await writer()
    const b = await writer()
    await space.write(topic, [{ value: 'before' }])
    for (let batch = 0; batch < 30; batch++) {
      await a.write(topic, [`aborted ${batch} ${'x'.repeat(600)}`])
      if (batch % 10 === 5) {
        await b.write(topic, [`committed ${batch}`])
        await b.commit()
      }
    }
    await a.abort()
    await a.write(topic, ['after'])
    await a.commit()
    const consumer = space.consumer({ partitionMaxBytes: 1_500, maxBytes: 1_500 })
    consumer.assign([{ topic, partition: 0, offset: 0 }])
    const expected = ['before', 'committed 5', 'committed 15', 'committed 25', 'after']
    expect(values(await takeRecords(consumer, expected.length))).toEqual(expected)
    await agreesWithJava(topic, expected.length)
    // from within the aborted transaction
    const late = space.consumer({ partitionMaxBytes: 1_500, maxBytes: 1_500 })
    late.assign([{ topic, partition: 0, offset: 12 }])
    expect(values(await takeRecords(late, 3))).toEqual(['committed 15', 'committed 25', 'after'])
  })

  it('waits for open transactions, and moves past markers', async () => {
    const space = workspace()
    const topic = await space.topic()
    const a = await writer()
    await a.write(topic, ['one', 'two'])
    const consumer = space.consumer()
    consumer.assign([{ topic, partition: 0, offset: 0 }])
    expect(await takeFor(consumer, 500)).toEqual([])
    expect(consumer.position(topic, 0)).toBe(0)
    expect(consumer.lag(topic, 0)).toBe(0)
    await a.commit()
    expect(values(await takeRecords(consumer, 2))).toEqual(['one', 'two'])
    await until('the position is past the marker', async () => {
      await consumer.arrival(100)
      consumer.take()
      return consumer.position(topic, 0) === 3
    })
    await a.write(topic, ['three'])
    await a.abort()
    await until(
      'the position is past the aborted record and its marker',
      () => consumer.position(topic, 0) === 5
    )
    expect(await takeFor(consumer, 100)).toEqual([])
    expect(consumer.lag(topic, 0)).toBe(0)
  })
})
