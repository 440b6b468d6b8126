import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { FetchConsumer } from '../../kafka/platformatic/consumer.ts'
import type { Security } from '../../kafka/platformatic/endpoint.ts'
import { parseAddress } from '../../kafka/platformatic/endpoint.ts'
import type { FetchRequest } from '../../kafka/platformatic/fetch-api.ts'
import { SocketFetchConnection } from '../../kafka/platformatic/fetch-connection.ts'
import { sessionless } from '../../kafka/platformatic/fetch-session.ts'
import { numbered, sleep, takeRecords, values, Workspace } from './conformance/workspace.ts'
import {
  password,
  type SecureBroker,
  startSecureBroker,
  unsecuredToken,
  user
} from './platformatic/secure-broker.ts'

const nothing: FetchRequest = {
  ...sessionless([]),
  maxWaitMs: 0,
  maxBytes: 1000,
  partitionMaxBytes: 1000,
  readCommitted: true,
  rack: ''
}

describe('the fetch connection with TLS and SASL', { timeout: 60_000 }, () => {
  let broker: SecureBroker
  let tls: NonNullable<Security['tls']>
  const open: SocketFetchConnection[] = []
  beforeAll(async () => {
    broker = await startSecureBroker('SASL_SSL')
    tls = { ca: broker.certificates.ca }
  }, 180_000)
  afterAll(async () => broker?.close(), 60_000)
  afterEach(() => {
    for (const one of open.splice(0)) one.close()
  })

  function connection(security: Security): SocketFetchConnection {
    const made = new SocketFetchConnection(parseAddress(broker.address), 'test', security)
    open.push(made)
    return made
  }

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)
    it(`proves who it is by ${mechanism}, and tells a wrong password`, async () => {
      const right = connection({ tls, sasl: { mechanism, username: user, password: async () => password } })
      expect(await right.fetch(nothing, 5_000)).toMatchObject({ errorCode: 0, partitions: [] })
      const wrong = connection({ tls, sasl: { mechanism, username: user, password: 'wrong' } })
      await expect(wrong.fetch(nothing, 5_000)).rejects.toMatchObject({
        code: 'BROKER_REFUSED',
        message: expect.stringContaining(broker.address)
      })
    })

  it('tells an unknown authority, and a token provider that fails', async () => {
    const sasl = { mechanism: 'PLAIN', username: user, password } as const
    const unknown = connection({ tls: { ca: broker.certificates.otherCa }, sasl })
    await expect(unknown.fetch(nothing, 5_000)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    const failing = connection({
      tls,
      sasl: {
        mechanism: 'OAUTHBEARER',
        token: async () => {
          throw new Error('no token today')
        }
      }
    })
    await expect(failing.fetch(nothing, 5_000)).rejects.toThrow(/no token today/)
    await expect(failing.fetch(nothing, 5_000)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  })

  it('renews an OAUTHBEARER session on the same connection before it ends', async () => {
    let tokens = 0
    const own = connection({
      tls,
      sasl: {
        mechanism: 'OAUTHBEARER',
        token: async () => {
          tokens++
          return unsecuredToken(user)
        }
      }
    })
    // the broker ends a session after 2 s
    for (const end = Date.now() + 5_000; Date.now() < end; await sleep(100))
      expect((await own.fetch({ ...nothing, maxWaitMs: 100 }, 5_000)).errorCode).toBe(0)
    expect(tokens).toBeGreaterThanOrEqual(3)
    expect(tokens).toBeLessThanOrEqual(5)
  })

  it('delivers over several sessions, a wait longer than a session among them', async () => {
    const space = new Workspace(new PlatformaticClient({ brokers: [broker.plainAddress] }))
    const topic = await space.topic()
    const consumer = new FetchConsumer(
      { clientId: 'test', maxWaitMs: 200 },
      {
        brokers: [broker.address],
        tls,
        sasl: { mechanism: 'OAUTHBEARER', token: async () => unsecuredToken(user) }
      }
    )
    consumer.assign([{ topic, partition: 0, offset: 0 }])
    for (let round = 0; round < 3; round++) {
      await space.write(topic, numbered(10, 0, round * 10))
      expect(values(await takeRecords(consumer, 10))).toEqual(
        numbered(10, 0, round * 10).map(({ value }) => value)
      )
      consumer.pause(topic, 0)
      await sleep(2_500)
      consumer.resume(topic, 0)
    }
    await consumer.close()
    await space.close()
  })
})
