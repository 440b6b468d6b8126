import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Client as ElasticsearchClient } from '@elastic/elasticsearch'
import { Admin, Producer, stringSerializers } from '@platformatic/kafka'
import { Client as PostgresClient } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  objectStoreCredentials,
  type ServiceAddresses,
  type ServiceStatus,
  serviceStatus,
  startServices,
  stopServices
} from '../../deploy/local/services.ts'

const ownVariables = ['KAFKA_BROKERS', 'ELASTICSEARCH_URL', 'DATABASE_URL', 'S3_ENDPOINT', 'KAFKA_SETTINGS']

let directory: string
let addresses: Omit<ServiceAddresses, 'sqsEndpoint' | 's3mockEndpoint' | 'mysqlUrl' | 'prometheusUrl'>
let firstStatus: ServiceStatus[]

beforeAll(async () => {
  // this is about services of our own, whatever the surroundings offer
  for (const name of ownVariables) delete process.env[name]
  process.env['LOCAL_POSTGRES'] = 'embedded'
  directory = await mkdtemp(join(tmpdir(), 'store-sku-services-'))
  // root's PostgreSQL runs as another user
  await chmod(directory, 0o755)
  // two at once must not start anything twice
  const [one, other] = await Promise.all([startServices({ directory }), startServices({ directory })])
  expect(other).toEqual(one)
  addresses = one
  firstStatus = await serviceStatus(directory)
}, 600_000)

afterAll(async () => {
  await stopServices(directory, { wipe: true })
  await rm(directory, { recursive: true, force: true })
}, 60_000)

function pidsOf(statuses: ServiceStatus[]): Record<string, number | undefined> {
  return Object.fromEntries(statuses.map(({ name, pid }) => [name, pid]))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('each service answers', () => {
  test('Kafka takes records, and has no topics that nobody created', async () => {
    const client = { clientId: 'test', bootstrapBrokers: [addresses.kafkaBrokers] }
    const admin = new Admin(client)
    const producer = new Producer({ ...client, serializers: stringSerializers })
    try {
      await admin.createTopics({ topics: ['lines'], partitions: 2, replicas: 1 })
      const sent = await producer.send({
        messages: [{ topic: 'lines', key: 'k', value: 'v', partition: 1 }],
        acks: -1
      })
      expect(sent.offsets).toMatchObject([{ topic: 'lines', partition: 1, offset: 0n }])
      await expect(admin.metadata({ topics: ['never-created'], retries: 0 })).rejects.toThrow()
      expect(await admin.listTopics()).toEqual(['lines'])
    } finally {
      await producer.close()
      await admin.close()
    }
  })

  test('Elasticsearch finds a document, and passes for a real one to its client', async () => {
    const client = new ElasticsearchClient({ node: addresses.elasticsearchUrl })
    expect((await client.info()).version.number).toMatch(/^8\.19\./)
    await client.index({ index: 'stores', id: '1', document: { city: 'Köln' }, refresh: true })
    const { hits } = await client.search({ index: 'stores', query: { match: { city: 'köln' } } })
    expect(hits.hits.map(({ _id }) => _id)).toEqual(['1'])
    await client.close()
  })

  test('PostgreSQL keeps a table', async () => {
    const client = new PostgresClient({ connectionString: addresses.databaseUrl })
    await client.connect()
    await client.query('create table sums (sku text primary key, total numeric)')
    await client.query("insert into sums values ('a', 1.10)")
    expect((await client.query('select total from sums')).rows).toEqual([{ total: '1.10' }])
    await client.end()
  })

  test('the object store gives back what was put', async () => {
    const client = new S3Client({
      endpoint: addresses.s3Endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: objectStoreCredentials,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED'
    })
    await client.send(new CreateBucketCommand({ Bucket: 'uploads' }))
    await client.send(new PutObjectCommand({ Bucket: 'uploads', Key: 'de/lines.csv', Body: 'a;b\n' }))
    const got = await client.send(new GetObjectCommand({ Bucket: 'uploads', Key: 'de/lines.csv' }))
    expect(await got.Body?.transformToString()).toBe('a;b\n')
    client.destroy()
  })
})

describe('a further start', () => {
  test('uses what runs', async () => {
    expect(firstStatus.map(({ condition }) => condition)).toEqual([
      'running',
      'running',
      'running',
      'running'
    ])
    expect(await startServices({ directory })).toEqual(addresses)
    expect(pidsOf(await serviceStatus(directory))).toEqual(pidsOf(firstStatus))
  })

  test('uses a service that the environment names', async () => {
    process.env['S3_ENDPOINT'] = 'http://s3.example'
    try {
      expect(await startServices({ directory, only: ['s3'] })).toEqual({ s3Endpoint: 'http://s3.example' })
    } finally {
      delete process.env['S3_ENDPOINT']
    }
  })

  test('brings killed services back, on their address and with their data', async () => {
    for (const { pid } of firstStatus) process.kill(pid!, 'SIGKILL')
    await expect.poll(() => firstStatus.some(({ pid }) => isAlive(pid!))).toBe(false)
    const conditions = (await serviceStatus(directory)).map(({ condition }) => condition)
    expect(conditions).toEqual(['stopped', 'stopped', 'stopped', 'stopped'])

    expect(await startServices({ directory })).toEqual(addresses)

    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [addresses.kafkaBrokers] })
    expect(await admin.listTopics()).toEqual(['lines'])
    await admin.close()
    const count = await fetch(`${addresses.elasticsearchUrl}/stores/_count`)
    expect(await count.json()).toMatchObject({ count: 1 })
    const client = new PostgresClient({ connectionString: addresses.databaseUrl })
    await client.connect()
    expect((await client.query('select sku from sums')).rows).toEqual([{ sku: 'a' }])
    await client.end()
  }, 60_000)

  test('restarts Kafka for new settings, and for none of nobody', async () => {
    const before = pidsOf(await serviceStatus(directory))
    const kafkaSettings = { 'log.retention.check.interval.ms': '1234' }
    await startServices({ directory, only: ['kafka'], kafkaSettings })
    const changed = pidsOf(await serviceStatus(directory))
    expect(changed['kafka']).not.toBe(before['kafka'])
    expect(await readFile(join(directory, 'kafka', 'server.properties'), 'utf8')).toContain(
      'interval.ms=1234\n'
    )
    await startServices({ directory, only: ['kafka'], kafkaSettings })
    await startServices({ directory, only: ['kafka'] })
    expect(pidsOf(await serviceStatus(directory))).toEqual(changed)
  }, 60_000)
})

test('stop ends every process, and keeps the data until it is told to wipe', async () => {
  const statuses = await serviceStatus(directory)
  await stopServices(directory)
  // the remains of a child are there until this process has taken notice of its end
  await expect.poll(() => statuses.map(({ pid }) => isAlive(pid!))).toEqual([false, false, false, false])
  for (const { condition } of await serviceStatus(directory)) expect(condition).toBe('stopped')
  await stopServices(directory, { wipe: true })
  await expect(readFile(join(directory, 'kafka', 'server.properties'))).rejects.toThrow('ENOENT')
}, 60_000)
