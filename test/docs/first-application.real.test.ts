import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { readTopic } from '../../bin/read-topic.ts'
import { orders, turnover } from '../../docs/examples/turnover.ts'
import { PlatformaticClient, type Producer } from '../../index.ts'
import { TopicWriter } from '../../ingest/topic-writer.ts'
import { schemas } from '../sinks/postgres/schema-fixture.ts'
import { server } from '../sinks/servers.ts'

/** A program of the pages, as it stands. */
class Program {
  readonly #child: ChildProcess
  readonly ended: Promise<unknown[]>

  constructor(name: string, environment: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [`docs/examples/${name}.ts`], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'inherit', 'inherit']
    })
    this.ended = once(this.#child, 'exit')
  }

  /** Waits on; rejects when it has ended. */
  async wait(): Promise<void> {
    await Promise.race([setTimeout(200), this.ended.then(() => Promise.reject(new Error('it has ended')))])
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

const schema = schemas()

it('the first application and the sink behind it run as they stand, and end when they are told to', async () => {
  const state = await mkdtemp(join(tmpdir(), 'turnover-'))
  const brokers = server('KAFKA_BROKERS')
  const kafka = new PlatformaticClient({ brokers: brokers.split(',') })
  const { rows } = await schema().pool.query('SELECT current_schema() AS name')
  const database = new URL(server('DATABASE_URL'))
  database.searchParams.set('options', `-c search_path=${rows[0].name}`)
  const environment = { KAFKA_BROKERS: brokers, STATE: state, DATABASE_URL: database.href }
  const application = new Program('run-turnover', environment)
  const programs = [application]
  try {
    const producer = await producerOf(kafka)
    const writer = await TopicWriter.open(producer, orders)
    for (const cents of [450, 50]) writer.write(`${cents}`, { shop: 'soho', cents }, Date.now())
    await producer.flush()
    await producer.close()
    const totals = new Map<string | null, number | null>()
    while (totals.get('soho') !== 500) {
      await application.wait()
      await readTopic(kafka, 'shop', turnover, (record) => totals.set(record.key(), record.value()))
    }
    const sink = new Program('carry-turnover', environment)
    programs.push(sink)
    const cents = async () =>
      (
        await schema()
          .pool.query('SELECT cents FROM turnover')
          .catch(() => ({ rows: [] }))
      ).rows[0]?.cents
    while ((await cents()) !== '500') await sink.wait()
    for (const program of programs) {
      program.kill('SIGTERM')
      expect(await program.ended).toEqual([0, null])
    }
  } finally {
    for (const program of programs) program.kill('SIGKILL')
    await rm(state, { recursive: true, force: true })
  }
}, 60_000)

/** The topics are there, too. */
async function producerOf(kafka: PlatformaticClient): Promise<Producer> {
  const admin = kafka.admin('shop')
  await admin.createTopics(
    [orders, turnover].map(({ name, partitions }) => ({ name, partitions, configs: {} }))
  )
  await admin.close()
  return kafka.producer({ clientId: 'shop' })
}
