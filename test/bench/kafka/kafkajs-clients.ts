import { Kafka, logLevel } from 'kafkajs'
import type { Figures } from '../case.ts'
import { Cost } from '../cpu.ts'
import type { ClientSettings } from './client-settings.ts'
import { sales } from './records.ts'

function connect({ brokers, security }: ClientSettings): Kafka {
  return new Kafka({
    clientId: 'bench',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    ...(security === undefined
      ? {}
      : {
          ssl: { ca: [security.ca] },
          sasl: { mechanism: 'scram-sha-512', username: security.username, password: security.password }
        })
  })
}

export async function consumeKafkaJs(settings: ClientSettings): Promise<Figures> {
  const cost = new Cost()
  const consumer = connect(settings).consumer({
    groupId: `bench-${process.pid}-${Date.now()}`,
    maxWaitTimeInMs: 500
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [settings.topic], fromBeginning: true })
  let seen = 0
  let touched = 0
  let figures: Figures = {}
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          for (const { key, value } of batch.messages) touched += (key?.[0] ?? 0) + (value?.at(-1) ?? 0)
          seen += batch.messages.length
          if (seen < settings.records || touched === 0) return
          figures = cost.of(seen)
          resolve()
        }
      })
      .catch(reject)
  })
  await consumer.disconnect()
  return figures
}

/** 1,000 records a call, idempotent. */
export async function produceKafkaJs(settings: ClientSettings): Promise<Figures> {
  const records = sales(20_000)
  const producer = connect(settings).producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const perCall = 1_000
  const cost = new Cost()
  for (let from = 0; from < settings.records; from += perCall) {
    const messages = Array.from({ length: Math.min(perCall, settings.records - from) }, (_, index) => ({
      partition: (from / perCall) % settings.partitions,
      timestamp: String(1_700_000_000_000 + from + index),
      ...records[(from + index) % records.length]!
    }))
    await producer.send({ topic: settings.topic, messages, acks: -1 })
  }
  const figures = cost.of(settings.records)
  await producer.disconnect()
  return figures
}
