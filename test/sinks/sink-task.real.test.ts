import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { noHeaders } from '../../core/record.ts'
import { string } from '../../core/serdes/string.ts'
import { topic } from '../../core/topic.ts'
import { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import type { Producer } from '../../kafka/port/producer.ts'
import { SinkTask } from '../../runtime/sink-task.ts'
import { postgresSink } from '../../sinks/postgres/postgres-sink.ts'
import { server } from './servers.ts'

const brokers = server('KAFKA_BROKERS')
const url = server('DATABASE_URL')
const partitions = 4
const records = 20_000
const isBad = (i: number): boolean => i % 1000 === 17

describe('a sink task between Kafka and PostgreSQL', () => {
  const client = new PlatformaticClient({ brokers: brokers.split(',') })
  const numbers = topic(`numbers-${randomUUID()}`, { key: string(), value: string() })
  const deadLetters = `${numbers.name}-dead`
  const schema = `sink_${randomUUID().replaceAll('-', '')}`
  const admin = client.admin('test')
  let pool: pg.Pool
  let producer: Producer

  beforeEach(async () => {
    pool = new pg.Pool({ connectionString: url, options: `-c search_path=${schema}` })
    await pool.query(
      `CREATE SCHEMA ${schema}; CREATE TABLE numbers (id int PRIMARY KEY, writes int NOT NULL)`
    )
    // counts how often a row was written: once, or the sink repeated itself
    await pool.query(
      `CREATE FUNCTION count_writes() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN NEW.writes := OLD.writes + 1; RETURN NEW; END $$;
       CREATE TRIGGER count_writes BEFORE UPDATE ON numbers FOR EACH ROW EXECUTE FUNCTION count_writes()`
    )
    await admin.createTopics([
      { name: numbers.name, partitions, configs: {} },
      { name: deadLetters, partitions: 2, configs: { 'cleanup.policy': 'compact' } }
    ])
    producer = await client.producer({ clientId: 'test' })
  })

  afterEach(async () => {
    await admin.deleteTopics([numbers.name, deadLetters])
    await admin.close()
    await producer.close()
    await pool.query(`DROP SCHEMA ${schema} CASCADE`)
    await pool.end()
  })

  function task(): SinkTask<string, string> {
    return new SinkTask({
      client,
      groupId: `${numbers.name}-sink`,
      instanceId: 'replica-0',
      topics: [numbers],
      batchRecords: 500,
      commitIntervalMs: 100,
      deadLetters: { topic: deadLetters, producer },
      sink: postgresSink<string, string>({
        name: 'numbers',
        connection: { connectionString: url, options: `-c search_path=${schema}` },
        tables: [
          {
            table: 'numbers',
            columns: { id: 'int', writes: 'int' },
            key: ['id'],
            row: (value) => ({ id: value, writes: 1 })
          }
        ]
      })
    })
  }

  async function send(): Promise<void> {
    const target = await producer.topic(numbers.name)
    for (let i = 0; i < records; i++) {
      const key = Buffer.from(String(i))
      target.append(
        i % partitions,
        key,
        0,
        key.length,
        string(),
        isBad(i) ? `bad ${i}` : `${i}`,
        i,
        noHeaders
      )
    }
    await producer.flush()
  }

  async function deadKeys(): Promise<string[]> {
    const consumer = client.consumer({ clientId: 'dead', offsetReset: 'earliest' })
    const keys: string[] = []
    const cursor = new RecordCursor()
    consumer.assign([0, 1].map((partition) => ({ topic: deadLetters, partition, offset: 0 })))
    await vi.waitFor(
      async () => {
        await consumer.arrival(100)
        for (const { batches } of consumer.take()) {
          cursor.open(batches)
          while (cursor.next()) keys.push(string().decode(cursor.buffer, cursor.keyStart, cursor.keyEnd))
        }
        expect([0, 1].map((partition) => consumer.lag(deadLetters, partition))).toEqual([0, 0])
      },
      { timeout: 10_000 }
    )
    await consumer.close()
    return keys
  }

  it('writes each record once, though another process takes its place on the way', async () => {
    await send()
    const former = task()
    await former.start()
    await vi.waitFor(() => expect(former.progress().written).toBeGreaterThan(3000), { timeout: 10_000 })
    // the same place in the group and the same partitions; the former one is not asked
    const later = task()
    await later.start()
    expect(await former.failed).toMatchObject({ code: 'GROUP_FENCED' })
    await former.close()
    const bad = Array.from({ length: records }, (_, i) => i).filter(isBad)
    await vi.waitFor(
      async () => {
        const { rows } = await pool.query('SELECT count(*)::int AS n, max(writes) AS writes FROM numbers')
        expect(rows).toEqual([{ n: records - bad.length, writes: 1 }])
      },
      { timeout: 15_000, interval: 100 }
    )
    await vi.waitFor(async () => {
      const all = [...later.progress().partitions.values()].map(({ position }) => position)
      expect(all).toEqual(Array.from({ length: partitions }, () => records / partitions))
    })
    await later.close({ leave: true })
    const keys = new Set(await deadKeys())
    expect([...keys].sort()).toEqual(
      bad.map((i) => `${numbers.name}-${i % partitions}-${Math.floor(i / partitions)}`).sort()
    )
    const names = Array.from({ length: partitions }, (_, partition) => ({ topic: numbers.name, partition }))
    expect([...(await admin.groupOffsets(`${numbers.name}-sink`, names)).values()]).toEqual(
      names.map(() => records / partitions)
    )
  })
})
