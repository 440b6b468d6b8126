import { expect, it } from 'vitest'
import { StreamsBuilder, string, topic } from '../../index.ts'
import type { TransactionalProducerOptions } from '../../kafka/port/producer.ts'
import { resolveConfig } from '../../runtime/config.ts'
import { MemoryApp } from './memory-app.ts'

const input = topic('input', { key: string(), value: string(), partitions: 1 })

it.each([
  [undefined, 10_100],
  [30_000, 40_000],
  [890_000, 900_000]
])(
  'a transaction may be open for the commit interval (%s ms) and 10 s more',
  async (commitIntervalMs, timeout) => {
    const app = await MemoryApp.create()
    try {
      const asked: (number | undefined)[] = []
      const open = app.client.transactionalProducer.bind(app.client)
      app.client.transactionalProducer = (options: TransactionalProducerOptions) => {
        asked.push(options.transactionTimeoutMs)
        return open(options)
      }
      await app.write(input, [])
      const builder = new StreamsBuilder()
      builder.table(input, { name: 'latest' })
      const streams = await app.start(
        builder.build(),
        commitIntervalMs === undefined ? {} : { commitIntervalMs }
      )
      await app.until(streams, () => streams.state === 'RUNNING')
      await streams.close()
      expect(asked).toEqual([timeout])
    } finally {
      await app.dispose()
    }
  }
)

it('an interval that brokers allow no transaction of is refused', async () => {
  const app = await MemoryApp.create()
  const config = {
    applicationId: 'app',
    kafka: app.client,
    stateDirectory: app.stateDirectory,
    commitIntervalMs: 890_001
  }
  expect(() => resolveConfig({ ...config, processingGuarantee: 'exactly_once_v2' })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('commitIntervalMs') })
  )
  expect(resolveConfig(config).commitIntervalMs).toBe(890_001)
  await app.dispose()
})
