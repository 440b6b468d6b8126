import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { noHeaders } from '../../../core/record.ts'
import { string } from '../../../core/serdes/string.ts'
import { PlatformaticClient } from '../../../kafka/platformatic/client.ts'
import { server } from '../servers.ts'
import { type NumbersTaskSettings, numbersTask } from './numbers-task.ts'

const records = 4000

describe('a sink process that is paused past its session', () => {
  const brokers = server('KAFKA_BROKERS').split(',')
  const client = new PlatformaticClient({ brokers })
  const name = `numbers-${randomUUID()}`
  const schema = `sink_${randomUUID().replaceAll('-', '')}`
  const settings: NumbersTaskSettings = {
    brokers,
    url: server('DATABASE_URL'),
    schema,
    topic: name,
    instanceId: 'first'
  }
  let pool: pg.Pool
  let zombie: ChildProcess
  let told = ''

  beforeEach(async () => {
    pool = new pg.Pool({ connectionString: settings.url, options: `-c search_path=${schema}` })
    // each row counts its writes, and each takes a while, so that the pause falls into a transaction
    await pool.query(
      `CREATE SCHEMA ${schema};
       CREATE TABLE numbers (id int PRIMARY KEY, writes int NOT NULL);
       CREATE FUNCTION count_writes() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
           IF TG_OP = 'UPDATE' THEN NEW.writes := OLD.writes + 1; ELSE PERFORM pg_sleep(0.0005); END IF;
           RETURN NEW;
         END $$;
       CREATE TRIGGER count_writes BEFORE INSERT OR UPDATE ON numbers FOR EACH ROW EXECUTE FUNCTION count_writes()`
    )
    const admin = client.admin('test')
    await admin.createTopics([{ name, partitions: 1, configs: {} }])
    await admin.close()
    const program = join(import.meta.dirname, 'zombie-process.ts')
    zombie = spawn(process.execPath, [program, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    zombie.stdout?.on('data', (bytes: Buffer) => {
      told += String(bytes)
    })
  })

  afterEach(async () => {
    zombie.kill('SIGKILL')
    const admin = client.admin('test')
    await admin.deleteTopics([name])
    await admin.close()
    await pool.query(`DROP SCHEMA ${schema} CASCADE`)
    await pool.end()
  })

  async function send(from: number, to: number): Promise<void> {
    const producer = await client.producer({ clientId: 'test' })
    const target = await producer.topic(name)
    for (let i = from; i < to; i++) target.append(0, null, -1, -1, string(), String(i), i, noHeaders)
    await producer.flush()
    await producer.close()
  }

  async function written(): Promise<{ readonly n: number; readonly writes: number }> {
    const { rows } = await pool.query('SELECT count(*)::int AS n, max(writes) AS writes FROM numbers')
    return rows[0]
  }

  it('writes nothing when it goes on', { timeout: 90_000 }, async () => {
    await send(0, records)
    await vi.waitFor(async () => expect((await written()).n).toBeGreaterThan(100), {
      timeout: 30_000,
      interval: 5
    })
    zombie.kill('SIGSTOP')
    expect((await written()).n).toBeLessThan(records)

    const later = numbersTask({ ...settings, instanceId: 'second' })
    await later.start()
    await vi.waitFor(async () => expect(await written()).toEqual({ n: records, writes: 1 }), {
      timeout: 60_000,
      interval: 100
    })
    const carried = later.progress().written
    expect(carried).toBeGreaterThan(0)

    zombie.kill('SIGCONT')
    await send(records, records + 500)
    await vi.waitFor(async () => expect(await written()).toEqual({ n: records + 500, writes: 1 }), {
      timeout: 30_000,
      interval: 100
    })
    // longer than it may wait before it tries again, and than the server lets a transaction idle
    await sleep(5_000)
    expect(await written()).toEqual({ n: records + 500, writes: 1 })
    // the zombie found out that it is none of the group's any more, or waits in it, or has joined it again and is the owner by right
    const { rows } = await pool.query('SELECT owner::int, next::int FROM store_sku_sink_offsets')
    expect(rows).toMatchObject([{ next: records + 500 }])
    expect(rows[0].owner).toBeGreaterThanOrEqual(2)
    expect(['', 'ended: GROUP_FENCED\n']).toContain(told)
    await later.close({ leave: true })
  })
})
