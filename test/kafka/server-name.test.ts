import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BrokerConnection } from '../../kafka/platformatic/broker-connection.ts'
import type { Address, Security } from '../../kafka/platformatic/endpoint.ts'
import { BrokerSocket } from '../../kafka/platformatic/socket.ts'
import { wrongListener } from '../../kafka/platformatic/wrong-listener.ts'

type Tls = NonNullable<Security['tls']>

/** Each way to a broker; none gets further than its first words, as the server has no certificate. */
const ways: readonly (readonly [string, (address: Address, tls: Tls) => Promise<unknown>])[] = [
  [
    'a connection of the library',
    (address, tls) =>
      new BrokerConnection(address, 'test', { tls }, { requestTimeoutMs: 1_000, maxInflights: 1 }).open([
        'test',
        '1'
      ])
  ],
  ['a socket for batches', (address, tls) => BrokerSocket.open(address, tls, 1_000)],
  ['the question to a wrong listener', (address, tls) => wrongListener(address, { tls })]
]

describe('the name that a router in front of the brokers is told (SNI)', () => {
  let server: Server
  const told: string[] = []
  beforeEach(async () => {
    told.length = 0
    server = createServer({
      SNICallback: (name, done) => {
        told.push(name)
        done(null)
      }
    })
    server.listen(0, 'localhost')
    await once(server, 'listening')
  })
  afterEach(() => server.close())

  it.each(ways)("is the broker's host: %s", async (_way, open) => {
    const { address, port } = server.address() as AddressInfo
    await open({ host: 'localhost', port }, {}).catch(() => undefined)
    expect(told).toEqual(['localhost'])
    told.length = 0
    await open({ host: 'localhost', port }, { servername: 'kafka.example' }).catch(() => undefined)
    expect(told).toEqual(['kafka.example'])
    told.length = 0
    await open({ host: address, port }, {}).catch(() => undefined)
    expect(told).toEqual([])
  })
})
