import { randomUUID } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { string } from '../../../index.ts'
import { MemoryBroker } from '../../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../../kafka/memory/memory-client.ts'
import type { TransactionalProducer } from '../../../kafka/port/producer.ts'
import { endDepartedTransactions } from '../../../runtime/membership/departed-transactions.ts'

const client = new MemoryClient(new MemoryBroker())
const admin = client.admin('test')
const opened: TransactionalProducer[] = []

afterEach(async () => {
  for (const producer of opened.splice(0)) await producer.close().catch(() => undefined)
})

/** A process with a transaction under way. */
async function writing(transactionalId: string): Promise<TransactionalProducer> {
  await admin.createTopics([{ name: 'letters', partitions: 1, configs: {} }])
  const producer = await client.transactionalProducer({ clientId: transactionalId, transactionalId })
  opened.push(producer)
  await producer.begin()
  const target = await producer.topic('letters')
  target.append(0, null, 0, 0, string(), 'a', 1, [])
  await producer.flush()
  return producer
}

it('ends those of processes that are no members any more, and no others', async () => {
  const gone = `app-${randomUUID()}`
  const [member, thread] = [`app-${randomUUID()}`, `app-${randomUUID()}-1`]
  const other = `app-two-${randomUUID()}`
  const producers = new Map<string, TransactionalProducer>()
  for (const id of [gone, member, thread, other]) producers.set(id, await writing(id))

  expect(await endDepartedTransactions(admin, 'app', async () => new Set([member, thread]))).toEqual([gone])
  await expect(producers.get(gone)?.commit()).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
  for (const id of [member, thread, other]) await producers.get(id)?.commit()
})

it('asks who is a member after it has listed the transactions, and only if there are any', async () => {
  const early = `app-${randomUUID()}`
  let asked = 0
  const nobody = async () => {
    asked++
    return new Set<string>()
  }
  expect(await endDepartedTransactions(admin, 'app', nobody)).toEqual([])
  expect(asked).toBe(0)

  await writing(early)
  // one that joins and begins meanwhile was not listed
  const late = `app-${randomUUID()}`
  const ended = await endDepartedTransactions(admin, 'app', async () => {
    await writing(late)
    return new Set([early])
  })
  expect(ended).toEqual([])
})
