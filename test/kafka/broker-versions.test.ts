import { heartbeatV4 } from '@platformatic/kafka'
import { expect, it } from 'vitest'
import { BrokerConnection } from '../../kafka/platformatic/broker-connection.ts'
import { defaultChannel } from '../../kafka/platformatic/connections.ts'
import { streamsGroupHeartbeat } from '../../kafka/platformatic/streams-heartbeat-api.ts'

it('tells which brokers are needed for a request that one does not know', () => {
  const connection = new BrokerConnection({ host: '127.0.0.1', port: 1 }, 'one', {}, defaultChannel)
  const refused = (what: string) =>
    expect.objectContaining({ code: 'BROKER_REFUSED', message: expect.stringContaining(what) })
  expect(() => connection.mustKnow(heartbeatV4.api, 'Heartbeat')).toThrow(refused('Kafka 3.9 or later'))
  expect(() => connection.mustKnow(streamsGroupHeartbeat[1], 'StreamsGroupHeartbeat')).toThrow(
    refused('Kafka 4.4 or later for streams groups')
  )
})
