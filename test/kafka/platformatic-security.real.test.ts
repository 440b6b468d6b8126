import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { createServer, type Server } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { string } from '../../core/serdes/string.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { Cluster, type ClusterOptions } from '../../kafka/platformatic/cluster.ts'
import { mskIam } from '../../kafka/platformatic/msk-iam.ts'
import type { KafkaClient } from '../../kafka/port/client.ts'
import type { KafkaMetrics } from '../../kafka/port/metrics.ts'
import { decode, numbered, sleep, until, values, Workspace } from './conformance/workspace.ts'
import type { KeyPair } from './platformatic/certificates.ts'
import {
  password,
  type SecureBroker,
  startSecureBroker,
  unsecuredToken,
  user
} from './platformatic/secure-broker.ts'

const text = string()
const scram = { mechanism: 'SCRAM-SHA-512', username: user, password } as const
const wrong = { ...scram, password: 'wrong' }

/** One clear error, not one after half a minute of trying. */
async function refused(options: ClusterOptions, code: string, message: RegExp): Promise<void> {
  const admin = new PlatformaticClient(options).admin('test')
  const began = Date.now()
  const asked = admin.describeTopics(['any'])
  try {
    await expect(asked).rejects.toMatchObject({ code })
    await expect(asked).rejects.toThrow(message)
    await expect(asked).rejects.toThrow(options.brokers[0])
    expect(Date.now() - began).toBeLessThan(8_000)
  } finally {
    await admin.close()
  }
}

/** Writes, reads, joins and commits: every kind of connection. */
async function worksThroughout(client: KafkaClient): Promise<void> {
  const space = new Workspace(client)
  try {
    const topic = await space.topic(2)
    await space.write(topic, [...numbered(50, 0), ...numbered(50, 1)])
    expect(values(await space.read(topic, 50, 1))).toEqual(numbered(50).map(({ value }) => value))
    const member = space.group({ groupId: space.name('group'), instanceId: 'one', topics: [topic] })
    expect((await member.join()).partitions).toHaveLength(2)
    await member.commit([{ topic, partition: 0, offset: 7, metadata: 'seven' }])
    expect(await member.committed([{ topic, partition: 0 }])).toMatchObject([{ offset: 7 }])
    await sleep(700)
    member.check()
    expect(member.rejoinNeeded()).toBe(false)
  } finally {
    await space.close()
  }
}

describe('a broker with TLS and SASL', { timeout: 90_000 }, () => {
  let broker: SecureBroker
  let proxies: Server[] = []
  beforeAll(async () => {
    broker = await startSecureBroker('SASL_SSL')
  }, 180_000)
  afterAll(async () => broker?.close(), 60_000)
  afterEach(async () => {
    for (const proxy of proxies) proxy.close()
    proxies = []
  })

  function options(changes: Partial<ClusterOptions> = {}): ClusterOptions {
    return { brokers: [broker.address], tls: { ca: broker.certificates.ca }, sasl: scram, ...changes }
  }

  /** The broker's plaintext listener behind another certificate. */
  async function behind({ key, cert }: KeyPair): Promise<string> {
    const [host, port] = broker.plainAddress.split(':')
    const proxy = createServer({ key, cert }, (socket) => {
      const onward = connect(Number(port), host)
      socket.pipe(onward).pipe(socket)
      for (const end of [socket, onward]) end.on('error', () => end.destroy())
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    proxies.push(proxy)
    return `127.0.0.1:${(proxy.address() as AddressInfo).port}`
  }

  it.each([
    ['PLAIN', { mechanism: 'PLAIN', username: user, password }],
    ['SCRAM-SHA-256', { ...scram, mechanism: 'SCRAM-SHA-256' }],
    ['SCRAM-SHA-512', scram],
    ['SCRAM-SHA-512 with providers', { ...scram, username: () => user, password: async () => password }],
    ['OAUTHBEARER', { mechanism: 'OAUTHBEARER', token: () => unsecuredToken('alice') }]
  ] as const)('is written, read and joined with %s', async (_name, sasl) => {
    await worksThroughout(new PlatformaticClient(options({ sasl })))
  })

  it('refuses a wrong password, a wrong user and a wrong token', async () => {
    const message = /broker .*the broker refused the credentials.*check user name and password/
    await refused(options({ sasl: wrong }), 'BROKER_REFUSED', message)
    await refused(options({ sasl: { ...wrong, mechanism: 'SCRAM-SHA-256' } }), 'BROKER_REFUSED', message)
    await refused(options({ sasl: { ...wrong, mechanism: 'PLAIN' } }), 'BROKER_REFUSED', message)
    await refused(options({ sasl: { ...scram, username: 'nobody' } }), 'BROKER_REFUSED', message)
    const token = { mechanism: 'OAUTHBEARER', token: unsecuredToken('alice', -60) } as const
    await refused(
      options({ sasl: token }),
      'BROKER_REFUSED',
      /the broker refused the token.*invalid_token.*expiry/
    )
  })

  it('refuses a wrong password to producers, consumers and members at once, too', async () => {
    const client = new PlatformaticClient(options({ sasl: wrong }))
    const refusal = { code: 'BROKER_REFUSED', message: expect.stringContaining(broker.address) }
    const began = Date.now()
    await expect(client.producer({ clientId: 'test' })).rejects.toMatchObject(refusal)
    const member = client.group({ clientId: 'test', groupId: 'g', instanceId: 'i', topics: ['any'] })
    await expect(member.join()).rejects.toMatchObject(refusal)
    await member.close()
    const consumer = client.consumer({ clientId: 'test' })
    consumer.assign([{ topic: 'any', partition: 0, offset: 0 }])
    await until('it throws', async () => {
      await consumer.arrival(200)
      try {
        consumer.take()
        return false
      } catch (error) {
        expect(error).toMatchObject(refusal)
        return true
      }
    })
    await consumer.close()
    expect(Date.now() - began).toBeLessThan(10_000)
  })

  it('is not trusted without its authority', async () => {
    const message = /authority that is not trusted here.*tls\.ca/
    await refused(options({ tls: {} }), 'CONFIG_INVALID', message)
    await refused(options({ tls: { ca: broker.certificates.otherCa } }), 'CONFIG_INVALID', message)
  })

  it('is not trusted with an expired certificate, or one of another host', async () => {
    const tls = { ca: broker.certificates.ca }
    const expired = await behind(broker.certificates.expired)
    await refused({ brokers: [expired], tls }, 'CONFIG_INVALID', /certificate has expired.*renew it.*clock/)
    const elsewhere = await behind(broker.certificates.elsewhere)
    await refused({ brokers: [elsewhere], tls }, 'CONFIG_INVALID', /another host name.*tls\.servername/)
  })

  it('tells who speaks another way than the listener', async () => {
    const { tls } = options() as Required<ClusterOptions>
    const plain = [broker.plainAddress]
    await refused({ brokers: [broker.address] }, 'CONFIG_INVALID', /speaks TLS; set tls/)
    await refused({ brokers: [broker.address], sasl: scram }, 'CONFIG_INVALID', /speaks TLS; set tls/)
    await refused(
      { brokers: [broker.address], tls },
      'CONFIG_INVALID',
      /asks for SASL \(.*SCRAM-SHA-512.*set sasl/
    )
    await refused({ brokers: plain, tls }, 'CONFIG_INVALID', /speaks plaintext; leave tls out/)
    await refused({ brokers: plain, tls, sasl: scram }, 'CONFIG_INVALID', /speaks plaintext; leave tls out/)
    await refused({ brokers: plain, sasl: scram }, 'CONFIG_INVALID', /does not ask for SASL; leave sasl out/)
  })

  it('is told no half of the credentials', () => {
    const incomplete = { mechanism: 'SCRAM-SHA-512', username: user } as const
    expect(() => new Cluster('test', options({ sasl: incomplete }))).toThrow(
      /SCRAM-SHA-512 needs sasl.password/
    )
    expect(() => new Cluster('test', options({ sasl: { mechanism: 'OAUTHBEARER' } }))).toThrow(/sasl.token/)
  })
})

describe('a broker with SASL alone', { timeout: 90_000 }, () => {
  let broker: SecureBroker
  beforeAll(async () => {
    broker = await startSecureBroker('SASL_PLAINTEXT')
  }, 180_000)
  afterAll(async () => broker?.close(), 60_000)

  function clientWith(token: () => Promise<string>, metrics: KafkaMetrics = {}): PlatformaticClient {
    return new PlatformaticClient({
      brokers: [broker.address],
      sasl: { mechanism: 'OAUTHBEARER', token },
      metrics
    })
  }

  it('gets a token of its own for each connection, and new ones before its sessions end', async () => {
    let made = 0
    const token = async (): Promise<string> => {
      await sleep(5)
      return unsecuredToken(`alice`, 60 + made++)
    }
    const client = clientWith(token)
    const space = new Workspace(client)
    try {
      const topic = await space.topic()
      const first = made
      expect(first).toBeGreaterThan(0)
      const producer = await space.write(topic, numbered(1))
      const second = made
      expect(second).toBeGreaterThan(first)
      const consumer = space.consumer()
      consumer.assign([{ topic, partition: 0, offset: 0 }])
      const seen: (string | null)[] = []
      // sessions last 2 s
      const target = await producer.topic(topic)
      let written = 1
      for (const end = Date.now() + 6_000; Date.now() < end; await sleep(50)) {
        target.append(0, null, 0, 0, text, `v${written++}`, 1_700_000_000_000, [])
        await producer.flush()
        for (const fetched of consumer.take()) seen.push(...decode(fetched).map(({ value }) => value))
      }
      expect(made).toBeGreaterThan(second + 2)
      await until('all were read', async () => {
        await consumer.arrival(200)
        for (const fetched of consumer.take()) seen.push(...decode(fetched).map(({ value }) => value))
        return seen.length >= written
      })
      expect(seen).toEqual(Array.from({ length: written }, (_, number) => `v${number}`))
    } finally {
      await space.close()
    }
  })

  it('renews a session while batches are under way', async () => {
    let made = 0
    const token = async (): Promise<string> => unsecuredToken('alice', 60 + made++)
    const answered: boolean[] = []
    const client = clientWith(token, {
      request: (metric) => void (metric.api === 'Produce' && answered.push(metric.answered))
    })
    const space = new Workspace(client)
    try {
      const topic = await space.topic()
      const producer = await client.producer({ clientId: 'test', batchBytes: 500, lingerMs: 0 })
      const target = await producer.topic(topic)
      const before = made
      let written = 0
      for (const end = Date.now() + 5_000; Date.now() < end; await sleep(1))
        for (let i = 0; i < 20; i++) target.append(0, null, 0, 0, text, `${written++}`, 1_700_000_000_000, [])
      await producer.flush()
      await producer.close()
      // the connection was never lost on the way
      expect(made).toBeGreaterThan(before + 2)
      expect(answered.length).toBeGreaterThan(100)
      expect(answered).not.toContain(false)
      const expected = Array.from({ length: written }, (_, number) => `${number}`)
      expect(values(await space.read(topic, written))).toEqual(expected)
    } finally {
      await space.close()
    }
  })

  it('waits for a token service that is away', async () => {
    let failures = 3
    const token = async (): Promise<string> => {
      if (failures-- > 0) throw new Error('the token service is away')
      return unsecuredToken('alice')
    }
    const admin = new PlatformaticClient({
      brokers: [broker.address],
      sasl: { mechanism: 'OAUTHBEARER', token }
    }).admin('test')
    expect(await admin.describeTopics(['any'])).toEqual(new Map())
    expect(failures).toBeLessThan(0)
    await admin.close()
    const never = new Cluster('test', {
      brokers: [broker.address],
      sasl: { mechanism: 'OAUTHBEARER', token: () => Promise.reject(new Error('no token today')) }
    })
    const asked = never.refresh([])
    await expect(asked).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    await expect(asked).rejects.toThrow(/the provider of the SASL token failed: no token today/)
    await never.close()
  })

  it('asks for SASL', async () => {
    await refused({ brokers: [broker.address] }, 'CONFIG_INVALID', /asks for SASL \(.*OAUTHBEARER.*set sasl/)
    const tls = { ca: broker.certificates.ca }
    await refused({ brokers: [broker.address], tls, sasl: scram }, 'CONFIG_INVALID', /speaks plaintext/)
  })
})

describe('IAM of Amazon MSK', () => {
  const region = 'eu-central-1'

  it('signs a token for each connection', async () => {
    process.env['AWS_ACCESS_KEY_ID'] ??= 'AKIATEST'
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'secret'
    const { mechanism, token } = mskIam({ region })
    expect(mechanism).toBe('OAUTHBEARER')
    const signed = await (token as () => Promise<string>)()
    const url = new URL(Buffer.from(signed, 'base64url').toString())
    expect(url.host).toBe(`kafka.${region}.amazonaws.com`)
    expect(url.searchParams.get('Action')).toBe('kafka-cluster:Connect')
    expect(url.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/)
  })

  it('does not take contradicting settings', () => {
    expect(() => mskIam({ region: '' })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    expect(() => mskIam({ region, profile: 'p', roleArn: 'r' })).toThrow(/not both/)
  })
})
