import { afterEach, expect, it } from 'vitest'
import { type KafkaClient, type Logger, StreamsError } from '../../index.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import { server } from '../sinks/servers.ts'
import { type Fate, type FlakyProxy, startFlakyProxy } from './flaky-proxy.ts'
import { credentials, IngestFixture, salesCsv, salesRows, until } from './ingest-fixture.ts'

/** In `npm run bench -- --only ingest` it is 10,000. */
const files = 300

let fixture: IngestFixture
let proxy: FlakyProxy | undefined

afterEach(async () => {
  await fixture.close()
  await proxy?.close()
  proxy = undefined
})

it('loses nothing and reads nothing twice from a store that throttles, breaks off and falls silent', async () => {
  const fates: Fate[] = [
    'slow down',
    'slow down',
    { breakAfter: 300_000 },
    'slow down',
    'silence',
    { breakAfter: 100_000 }
  ]
  let requests = 0
  proxy = await startFlakyProxy(server('S3_ENDPOINT'), ({ method }) =>
    method === 'PUT' ? 'through' : (fates[requests++] ?? 'through')
  )
  const { url } = proxy
  fixture = await IngestFixture.open({
    store: { endpoint: url, credentials, maxAttempts: 1, timeoutMs: 500 }
  })
  const warnings: string[] = []
  const logger: Logger = { info: () => {}, error: () => {}, warn: (message) => warnings.push(message) }
  await fixture.put('1/1997-01.csv', salesCsv(20_000))
  await fixture.start({ logger })
  await fixture.running()
  await fixture.announce('1/1997-01.csv')
  await until(async () => (await fixture.last('1/1997-01.csv'))?.state === 'done')
  await fixture.finished()
  expect(await fixture.rawText('1/1997-01.csv')).toBe(salesRows(20_000))
  expect(Object.fromEntries(proxy.counts)).toMatchObject({ 'slow down': 3, 'break off': 2, silence: 1 })
  expect(warnings.filter((message) => message.includes('(HTTP 503)')).length).toBe(3)
  expect(warnings.length).toBe(6)
})

it('asks the store for a new file once, and looks at one that it has read', async () => {
  const asked: string[] = []
  proxy = await startFlakyProxy(server('S3_ENDPOINT'), ({ method, url }) => {
    if (method !== 'PUT') asked.push(`${method} ${/^\/[^/]+\/([^?]+)/.exec(url ?? '')?.[1]}`)
    return 'through'
  })
  fixture = await IngestFixture.open({ store: { endpoint: proxy.url, credentials } })
  await fixture.put('1/new.csv', salesCsv(3))
  await fixture.put('misplaced.csv', salesCsv(3))
  await fixture.start()
  await fixture.running()
  asked.length = 0
  for (const key of ['1/new.csv', 'misplaced.csv', '1/new.csv']) {
    await fixture.announce(key)
    await fixture.finished()
  }
  expect(asked).toEqual(['GET 1/new.csv', 'HEAD misplaced.csv', 'HEAD 1/new.csv'])
  expect(await fixture.rawText('1/new.csv')).toBe(salesRows(3))
})

it('reads hundreds of small files, each once, and finds what has changed since', async () => {
  fixture = await IngestFixture.open()
  const keys = Array.from({ length: files }, (_, i) => `${i % 10}/${String(i).padStart(4, '0')}.csv`)
  for (let i = 0; i < keys.length; i += 50)
    await Promise.all(keys.slice(i, i + 50).map((key, at) => fixture.put(key, salesCsv(2, (i + at) * 2))))
  const ingest = await fixture.start()
  expect(await fixture.scanned()).toEqual({ objects: files, announced: files })
  expect(ingest.progress).toMatchObject({ done: files, rows: 2 * files })
  const chunks = await fixture.records(fixture.topics.rawCsv)
  const text = chunks.map(({ value }) => value).join('')
  expect(text.trimEnd().split('\n').sort()).toEqual(
    salesRows(2 * files, 0)
      .trimEnd()
      .split('\n')
      .sort()
  )

  await fixture.objectStore.delete(fixture.us, keys[7] as string)
  await fixture.objectStore.delete(fixture.us, keys[files - 1] as string)
  await fixture.put(keys[250] as string, salesCsv(2, 500) + salesRows(1, 9_999))
  await fixture.put('3/new.csv', salesCsv(1, 10_000))
  expect(await fixture.scanned()).toEqual({ objects: files - 1, announced: 4 })
  expect(await fixture.last(keys[7] as string)).toMatchObject({ state: 'removed', rows: 2 })
  expect(await fixture.last(keys[files - 1] as string)).toMatchObject({ state: 'removed', rows: 2 })
  // without an archive
  expect(await fixture.last(keys[250] as string)).toMatchObject({ state: 'rejected', rows: 2 })
  expect(await fixture.scanned()).toEqual({ objects: files - 1, announced: 0 })
})

it('lets a small bucket through while a large file of another one is read', async () => {
  fixture = await IngestFixture.open()
  await fixture.put('1/large.csv', salesCsv(120_000))
  await fixture.objectStore.put(fixture.ca, '1/small.csv', salesCsv(10))
  await fixture.start({ budgetBytes: 128 * 1024 })
  await fixture.running()
  await fixture.announce('1/large.csv')
  await until(async () => (await fixture.chunks('1/large.csv')).length > 0)
  await fixture.announce('1/small.csv', { bucket: fixture.ca })
  await until(async () => (await fixture.chunks('1/small.csv', fixture.ca)).length > 0)
  expect((await fixture.last('1/large.csv'))?.state).toBe('reading')
  await fixture.finished()
  expect(await fixture.rawText('1/large.csv')).toBe(salesRows(120_000))
})

it('goes on where it was when it is started again', async () => {
  fixture = await IngestFixture.open()
  await fixture.put('1/1997-01.csv', salesCsv(60_000))
  const ingest = await fixture.start({ budgetBytes: 128 * 1024 })
  await fixture.running()
  await fixture.announce('1/1997-01.csv')
  await until(() => ingest.progress.rows > 10_000)
  await fixture.stop()
  const opened = openings()
  await fixture.start()
  await fixture.finished()
  expect(await fixture.rawText('1/1997-01.csv')).toBe(salesRows(60_000))
  expect(opened.length).toBe(1)
  expect(opened[0]).toBeGreaterThan(100_000)
})

it('goes on from the last commit when a transaction fails, and what was read ahead is dropped', async () => {
  let failures = 0
  const kafka = new MemoryClient(new MemoryBroker())
  const failing: KafkaClient = {
    admin: (clientId) => kafka.admin(clientId),
    consumer: (options) => kafka.consumer(options),
    producer: (options) => kafka.producer(options),
    group: (options) => kafka.group(options),
    transactionalProducer: async (options) => {
      const producer = await kafka.transactionalProducer(options)
      const commit = producer.commit.bind(producer)
      producer.commit = async () => {
        if (failures-- > 0) throw new StreamsError('TRANSACTION_ABORTABLE', 'the coordinator is away')
        await commit()
      }
      return producer
    }
  }
  fixture = await IngestFixture.open({ kafka: failing })
  const keys = ['1/1997-01.csv', '1/1997-02.csv', '1/1997-03.csv']
  for (const [i, key] of keys.entries()) await fixture.put(key, salesCsv(30_000, i * 100_000))
  // one at once: a reading that is left over would keep all others waiting
  const ingest = await fixture.start({ budgetBytes: 128 * 1024, filesAtOnce: 1 })
  await fixture.running()
  await fixture.announceAll(keys.map((object) => ({ object })))
  for (const rows of [5_000, 40_000]) {
    await until(() => ingest.progress.rows > rows)
    failures = 1
    await until(() => failures < 0)
  }
  await fixture.finished()
  for (const [i, key] of keys.entries())
    expect(await fixture.rawText(key)).toBe(salesRows(30_000, i * 100_000))
  expect(ingest.progress).toMatchObject({ files: 3, filesTotal: 3, rows: 90_000 })
})

/** Where bodies begin that are opened from now on. */
function openings(): number[] {
  const opened: number[] = []
  fixture.objectStore.onBody = (body, from) => {
    opened.push(from)
    return body
  }
  return opened
}
