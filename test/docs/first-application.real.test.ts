import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { readTopic } from '../../bin/read-topic.ts'
import { orders, turnover } from '../../docs/examples/turnover.ts'
import { hasCode, PlatformaticClient } from '../../index.ts'
import { TopicWriter } from '../../ingest/topic-writer.ts'
import { server } from '../sinks/servers.ts'

it('the page’s first application runs as it stands, and ends when it is told to', async () => {
  const state = await mkdtemp(join(tmpdir(), 'turnover-'))
  const brokers = server('KAFKA_BROKERS')
  const kafka = new PlatformaticClient({ brokers: brokers.split(',') })
  const child = spawn(process.execPath, ['docs/examples/run-turnover.ts'], {
    env: { ...process.env, KAFKA_BROKERS: brokers, STATE: state },
    stdio: ['ignore', 'inherit', 'inherit']
  })
  const ended = once(child, 'exit')
  try {
    const admin = kafka.admin('shop')
    await admin.createTopics(
      [orders, turnover].map(({ name, partitions }) => ({ name, partitions, configs: {} }))
    )
    await admin.close()
    const producer = await kafka.producer({ clientId: 'shop' })
    const writer = await TopicWriter.open(producer, orders)
    for (const cents of [450, 50]) writer.write(`${cents}`, { shop: 'soho', cents }, Date.now())
    await producer.flush()
    await producer.close()
    const totals = new Map<string | null, number | null>()
    while (totals.get('soho') !== 500) {
      await Promise.race([setTimeout(200), ended.then(() => Promise.reject(new Error('it has ended')))])
      await readTopic(kafka, 'shop', turnover, (record) => totals.set(record.key(), record.value())).catch(
        (error: unknown) => {
          if (!hasCode(error, 'TOPIC_MISSING')) throw error
        }
      )
    }
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  } finally {
    child.kill('SIGKILL')
    await rm(state, { recursive: true, force: true })
  }
}, 60_000)
