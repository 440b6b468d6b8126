import pg from 'pg'
import { migrate, PlatformaticClient, postgresSink, SinkTask } from '../../index.ts'
import { turnover } from './turnover.ts'

const { KAFKA_BROKERS = '127.0.0.1:9092', DATABASE_URL = 'postgres://localhost/shops' } = process.env

const connection = { connectionString: DATABASE_URL }
const pool = new pg.Pool(connection)
await migrate(pool, [
  { id: 'turnover-1', sql: 'CREATE TABLE turnover (shop text PRIMARY KEY, cents bigint NOT NULL)' }
])
await pool.end()

const client = new PlatformaticClient({ brokers: KAFKA_BROKERS.split(',') })
const admin = client.admin('turnover')
await admin.createTopics([{ name: 'turnover-dead-letters', partitions: 1, configs: {} }])
await admin.close()
const producer = await client.producer({ clientId: 'turnover-dead-letters' })
const task = new SinkTask({
  client,
  groupId: 'turnover-to-postgres',
  // one of its own for each process that shares the work
  instanceId: 'turnover-to-postgres-1',
  topics: [turnover],
  sink: postgresSink({
    name: 'turnover',
    connection,
    tables: [
      {
        table: 'turnover',
        columns: { shop: 'text', cents: 'bigint' },
        key: ['shop'],
        row: (cents, shop) => ({ shop, cents }),
        keyOf: (shop) => ({ shop })
      }
    ]
  }),
  deadLetters: { topic: 'turnover-dead-letters', producer }
})
const stopped = new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()))
await task.start()
const failure = await Promise.race([task.failed, stopped])
await task.close()
await producer.close()
if (failure !== undefined) throw failure
