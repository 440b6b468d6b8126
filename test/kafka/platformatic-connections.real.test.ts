import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { heartbeatV4, saslAuthenticateV2, saslHandshakeV1 } from '@platformatic/kafka'
import { afterEach, describe, expect, it } from 'vitest'
import { choosePort } from '../../deploy/local/ports.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { Cluster } from '../../kafka/platformatic/cluster.ts'
import { addressName, Channel } from '../../kafka/platformatic/connections.ts'
import type { Sasl } from '../../kafka/platformatic/sasl.ts'
import type { RequestMetric } from '../../kafka/port/metrics.ts'
import { numbered, until, workspaces } from './conformance/workspace.ts'
import { realBrokers } from './platformatic/brokers.ts'
import { type Asked, frame, ScriptedBroker } from './platformatic/scripted-broker.ts'

/** Heartbeat answer v4: int32 throttle | int16 error | tags */
const fine = Buffer.alloc(7)

/** SaslHandshake answer v1: int16 error | string[] mechanisms */
const plainOnly = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 1, 0, 5]), Buffer.from('PLAIN')])

/** SaslAuthenticate answer v2: int16 error | compact string message (null) | compact bytes | int64 lifetime in ms | tags */
function authenticated(lifetimeMs: number): Buffer {
  const body = Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  body.writeBigInt64BE(BigInt(lifetimeMs), 4)
  return body
}

describe('a connection', { timeout: 30_000 }, () => {
  const closing: { close(): Promise<void> }[] = []

  afterEach(async () => {
    for (const opened of closing.splice(0).reverse()) await opened.close()
  })

  async function fake(...handlers: Parameters<typeof ScriptedBroker.start>): Promise<ScriptedBroker> {
    const broker = await ScriptedBroker.start(...handlers)
    closing.push(broker)
    return broker
  }

  function channelTo(broker: ScriptedBroker, requestTimeoutMs = 400, maxInflights = 5): Channel {
    const channel = new Channel(broker.address, 'test', {}, { requestTimeoutMs, maxInflights })
    closing.push(channel)
    return channel
  }

  function ask(channel: Channel): Promise<number> {
    return channel.call(heartbeatV4.api, 'group', 1, 'member', null).then(({ errorCode }) => errorCode)
  }

  it('gives a request up without its neighbour, whose answer comes behind the late one', async () => {
    let first: Asked | undefined
    const broker = await fake((asked) => {
      // as a real broker does: in order on each connection
      if (first === undefined) first = asked
      else if (asked.connection > 0) asked.answer(fine)
    })
    const channel = channelTo(broker, 500)
    const slow = ask(channel)
    const slowFailed = expect(slow).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      message: `Heartbeat to broker ${addressName(broker.address)}: no answer within 500 ms`
    })
    await sleep(350)
    const neighbour = ask(channel)
    await slowFailed
    // who asks now does not stand behind the slow one
    expect(await ask(channel)).toBe(0)
    expect(broker.asked.map(({ connection }) => connection)).toEqual([0, 0, 1])
    expect(broker.open).toBe(2)
    first?.answer(fine)
    broker.asked[1]?.answer(fine)
    expect(await neighbour).toBe(0)
    await until('the slow connection is let go', () => broker.open === 1)
    expect(await ask(channel)).toBe(0)
    expect(broker.connections).toBe(2)
  })

  it('drops an answer that comes after its time, when nobody else waits on the connection', async () => {
    const broker = await fake((asked) => {
      if (broker.asked.length > 1) asked.answer(fine)
      else setTimeout(() => asked.answer(fine), 350)
    })
    const channel = channelTo(broker, 300)
    await expect(ask(channel)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    expect(await ask(channel)).toBe(0)
    await sleep(200)
    expect(await ask(channel)).toBe(0)
    expect(broker.open).toBe(1)
  })

  it('does not send what has waited too long behind other requests', async () => {
    const broker = await fake()
    const channel = channelTo(broker, 300, 1)
    const asked = [ask(channel), ask(channel), ask(channel)]
    const codes = (await Promise.allSettled(asked)).map((one) => one.status === 'rejected' && one.reason.code)
    expect(codes).toEqual(Array.from({ length: 3 }, () => 'BROKER_UNAVAILABLE'))
    expect(broker.asked).toHaveLength(1)
  })

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['never answers', () => undefined, /no answer within/],
    ['closes at once', (socket) => socket.destroy(), /closed|ECONNRESET/],
    ['closes at the first request', (socket) => socket.once('data', () => socket.end()), /closed|ECONNRESET/],
    [
      'is a web server',
      (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      /something that is not Kafka.*HTTP/
    ],
    [
      'greets first',
      (socket) => socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'),
      /something that is not Kafka.*SSH/
    ],
    [
      'answers another request',
      (socket) => socket.once('data', () => socket.write(frame(77, fine))),
      /correlation_id=77/
    ],
    [
      'answers nonsense of the right form',
      (socket) =>
        socket.once('data', (asked) => socket.write(frame(asked.readInt32BE(8), Buffer.alloc(9, 0x55)))),
      /not Kafka/
    ]
  ])('is given up in time when a broker %s', async (_what, behave, message) => {
    const broker = await fake(
      () => undefined,
      (socket) => {
        behave(socket)
        return false
      }
    )
    const channel = channelTo(broker, 2_000)
    const began = Date.now()
    const asked = ask(channel)
    await expect(asked).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    await expect(asked).rejects.toThrow(message)
    await expect(asked).rejects.toThrow(addressName(broker.address))
    expect(Date.now() - began).toBeLessThan(15_000)
    await until('nothing is left open', () => broker.open === 0)
  })

  it('says which answer cannot be read, and starts anew', async () => {
    const broker = await fake((asked) => asked.answer(broker.asked.length === 1 ? Buffer.alloc(1) : fine))
    const channel = channelTo(broker)
    const asked = ask(channel)
    await expect(asked).rejects.toMatchObject({ code: 'BROKER_REFUSED' })
    await expect(asked).rejects.toThrow(/Heartbeat to broker .* the answer cannot be read/)
    expect(await ask(channel)).toBe(0)
    expect(broker.connections).toBe(2)
  })

  it('fails what is under way when the broker dies, and goes on when it is back', async () => {
    const broker = await fake((asked) => {
      if (broker.asked.length === 2) asked.socket.destroy()
      else asked.answer(fine)
    })
    const channel = channelTo(broker)
    expect(await ask(channel)).toBe(0)
    await expect(ask(channel)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    expect(await ask(channel)).toBe(0)
  })

  it('goes on, and ends, when the broker closed it before its credentials were due', async () => {
    const broker = await fake(({ api, correlationId, socket, answer }) => {
      if (api === saslHandshakeV1.api.key) socket.write(frame(correlationId, plainOnly))
      else if (api === saslAuthenticateV2.api.key) answer(authenticated(500))
      else answer(fine)
    })
    const sasl: Sasl = { mechanism: 'PLAIN', username: 'u', password: 'p' }
    const channel = new Channel(broker.address, 'test', { sasl }, { requestTimeoutMs: 400, maxInflights: 5 })
    expect(await ask(channel)).toBe(0)
    // as for connections.max.idle.ms
    broker.asked[0]?.socket.end()
    // the library asks for new credentials after 80 % of their time
    await sleep(420)
    expect(await Promise.all([ask(channel), ask(channel)])).toEqual([0, 0])
    expect(broker.connections).toBe(2)
    broker.asked.at(-1)?.socket.end()
    await sleep(420)
    let closed = false
    void channel.close().then(() => {
      closed = true
    })
    await until('it has ended', () => closed)
  })

  it('fails what is under way at close', async () => {
    const broker = await fake()
    const channel = channelTo(broker, 20_000)
    const asked = ask(channel)
    await until('it is under way', () => broker.asked.length === 1)
    await channel.close()
    await expect(asked).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    await expect(ask(channel)).rejects.toThrow('the client was closed')
    expect(broker.open).toBe(0)
  })

  it('is not opened by a call that comes after its cluster was closed', async () => {
    const broker = await fake((asked) => asked.answer(fine))
    const cluster = new Cluster('test', { brokers: [addressName(broker.address)] })
    const address = broker.address
    expect(await ask(cluster.channel('first', address))).toBe(0)
    await cluster.close()
    expect(() => cluster.channel('another', address)).toThrow('the client was closed')
    await until('the first one has ended', () => broker.open === 0)
  })
})

describe('a cluster', { timeout: 60_000 }, () => {
  const requests: RequestMetric[] = []
  const retries: string[] = []
  let bytes = 0
  const workspace = workspaces(async () => ({
    client: new PlatformaticClient({
      brokers: realBrokers(),
      metrics: {
        request: (metric) => requests.push(metric),
        bytes: (_broker, sent, received) => {
          bytes += sent + received
        },
        retry: (what) => retries.push(what)
      }
    }),
    close: async () => {}
  }))

  it('is found behind dead, silent and foreign members of the bootstrap list', async () => {
    const space = workspace()
    const topic = await space.topic(2)
    const silent = await ScriptedBroker.start(
      () => undefined,
      () => false
    )
    const foreign = await ScriptedBroker.start(
      () => undefined,
      (socket) => {
        socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
        return false
      }
    )
    const dead = `127.0.0.1:${await choosePort()}`
    const brokers = [dead, addressName(silent.address), addressName(foreign.address), ...realBrokers()]
    const cluster = new Cluster('test', { brokers })
    const began = Date.now()
    await cluster.refresh([topic])
    expect(cluster.topic(topic)?.partitions).toHaveLength(2)
    expect(Date.now() - began).toBeLessThan(10_000)
    // who has answered is asked first from then on
    const again = Date.now()
    await cluster.refresh([topic])
    expect(Date.now() - again).toBeLessThan(2_000)
    await Promise.all([cluster.close(), silent.close(), foreign.close()])
  })

  it('says what is wrong when no member answers', async () => {
    const dead = `127.0.0.1:${await choosePort()}`
    const cluster = new Cluster('test', { brokers: [dead] })
    const asked = cluster.refresh([])
    await expect(asked).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    await expect(asked).rejects.toThrow(new RegExp(`no broker answers at ${dead}.*ECONNREFUSED`))
    await cluster.close()
  })

  it.each(['localhost', ':9092', 'kafka:port', 'kafka:0', ''])(
    'does not take %j for an address',
    (address) => {
      expect(() => new Cluster('test', { brokers: [address] })).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' })
      )
    }
  )

  it.each([99, Number.NaN])('does not take requestTimeoutMs %d', (requestTimeoutMs) => {
    expect(() => new Cluster('test', { brokers: ['kafka:9092'], requestTimeoutMs })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' })
    )
  })

  it('tells its requests, their bytes and its retries', async () => {
    const space = workspace()
    const topic = await space.topic()
    await space.write(topic, numbered(10))
    expect(bytes).toBeGreaterThan(1_000)
    const made = requests.filter(({ api }) => api === 'CreateTopics')
    expect(made.length).toBeGreaterThan(0)
    for (const metric of made)
      expect(metric).toMatchObject({ broker: expect.stringContaining(':'), answered: true })
    expect(requests.some(({ api, ms }) => api === 'Produce' && ms > 0)).toBe(true)
    const dead = new PlatformaticClient({
      brokers: [`127.0.0.1:${await choosePort()}`],
      metrics: { retry: (what) => retries.push(what) }
    }).admin('test')
    const asked = dead.describeTopics([topic])
    await until('it was tried again', () => retries.includes('admin'))
    await dead.close()
    await expect(asked).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  })
})
