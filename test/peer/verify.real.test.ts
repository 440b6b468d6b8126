import { beforeAll, describe, expect, it } from 'vitest'
import { bytes, noHeaders, PlatformaticClient } from '../../index.ts'
import { server } from '../sinks/servers.ts'
import { plantFaults, verifyTopic } from './verify.ts'

const bootstrap = server('KAFKA_BROKERS')
const stamp = Date.now().toString(36)

describe('the independent reader', { timeout: 120_000 }, () => {
  const planted = `planted-${stamp}`
  beforeAll(() => plantFaults(bootstrap, planted, true))

  it('finds a duplicate and a gap, and tells aborted and open transactions', async () => {
    const expectRange = { from: 0, to: 9 }
    expect(
      await verifyTopic({ bootstrap, topic: planted, uniqueBy: 'header:id', expectRange, field: 'n' })
    ).toEqual({
      good: false,
      records: 10,
      perPartition: { 0: 10 },
      unique: 9,
      duplicates: 1,
      firstDuplicates: [{ id: '3', times: 2 }],
      missing: 1,
      firstMissing: [7],
      outsideRange: 0,
      repeatedNumbers: 1,
      withoutNumber: 0,
      abortedOrOpenNotVisible: 6,
      openTransaction: true
    })
  })

  it('sees what was aborted when it reads uncommitted', async () => {
    const verdict = await verifyTopic({
      bootstrap,
      topic: planted,
      isolation: 'read_uncommitted',
      expectRange: { from: 0, to: 9 },
      field: 'n'
    })
    expect(verdict).toMatchObject({ good: false, records: 16, outsideRange: 6, missing: 1 })
  })

  it('finds nothing in a clean topic of our own', async () => {
    const topic = `clean-${stamp}`
    await write(topic, 1_000, (n) => JSON.stringify({ at: { n } }))
    const expectRange = { from: 0, to: 999 }
    expect(
      await verifyTopic({ bootstrap, topic, uniqueBy: 'key+field:at.n', expectRange, field: 'at.n' })
    ).toMatchObject({
      good: true,
      records: 1_000,
      perPartition: { 0: 500, 1: 500 },
      unique: 1_000,
      duplicates: 0,
      missing: 0,
      abortedOrOpenNotVisible: 0,
      openTransaction: false
    })
    // the same topic misses numbers of a larger range, and has some that do not belong into a smaller one
    expect(
      await verifyTopic({ bootstrap, topic, expectRange: { from: 10, to: 1_004 }, field: 'at.n' })
    ).toMatchObject({
      good: false,
      missing: 5,
      firstMissing: [1000, 1001, 1002, 1003, 1004],
      outsideRange: 10
    })
  })

  it('counts records without a number', async () => {
    const topic = `words-${stamp}`
    await write(topic, 4, (n) => (n === 2 ? 'no JSON' : String(n)))
    expect(await verifyTopic({ bootstrap, topic, expectRange: { from: 0, to: 3 } })).toMatchObject({
      good: false,
      missing: 1,
      firstMissing: [2],
      withoutNumber: 1
    })
  })

  it('says that there is no such topic', async () => {
    await expect(verifyTopic({ bootstrap, topic: `never-${stamp}` })).rejects.toThrow(`never-${stamp}`)
  })
})

async function write(topic: string, records: number, value: (n: number) => string): Promise<void> {
  const client = new PlatformaticClient({ brokers: bootstrap.split(',') })
  const admin = client.admin('writer')
  await admin.createTopics([{ name: topic, partitions: 2, configs: {} }])
  await admin.close()
  const producer = await client.producer({ clientId: 'writer' })
  const target = await producer.topic(topic)
  for (let n = 0; n < records; n++) {
    const key = Buffer.from(`k${n % 10}`)
    target.append(n % 2, key, 0, key.length, bytes(), Buffer.from(value(n)), Date.now(), noHeaders)
  }
  await producer.flush()
  await producer.close()
}
