import { Consumer, Producer } from '@platformatic/kafka'
import type { Figures } from '../case.ts'
import { Cost } from '../cpu.ts'
import { type ClientSettings, clusterOptions } from './client-settings.ts'
import { sales } from './records.ts'

/** The library's own message stream. */
export async function consumePlatformatic(settings: ClientSettings): Promise<Figures> {
  const { brokers, ...security } = clusterOptions(settings)
  const cost = new Cost()
  const consumer = new Consumer({
    clientId: 'bench',
    groupId: `bench-${process.pid}-${Date.now()}`,
    bootstrapBrokers: [...brokers],
    ...security
  })
  const stream = await consumer.consume({
    topics: [settings.topic],
    mode: 'earliest',
    autocommit: false,
    maxWaitTime: 500
  })
  let seen = 0
  let touched = 0
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject)
    stream.on('data', ({ key, value }) => {
      touched += (key[0] ?? 0) + (value.at(-1) ?? 0)
      if (++seen === settings.records) resolve()
    })
  })
  const figures = cost.of(seen)
  if (touched === 0) throw new Error('there was nothing in the records')
  await consumer.close(true)
  return figures
}

/** The library's own producer: 1,000 records a call, 5 calls at a time, idempotent. */
export async function producePlatformatic(settings: ClientSettings): Promise<Figures> {
  const { brokers, ...security } = clusterOptions(settings)
  const records = sales(20_000)
  const producer = new Producer({
    clientId: 'bench',
    bootstrapBrokers: [...brokers],
    idempotent: true,
    ...security
  })
  const perCall = 1_000
  let sent = 0
  const send = async (): Promise<void> => {
    while (sent < settings.records) {
      const from = sent
      sent += perCall
      const messages = Array.from({ length: Math.min(perCall, settings.records - from) }, (_, index) => ({
        topic: settings.topic,
        partition: (from / perCall) % settings.partitions,
        timestamp: BigInt(1_700_000_000_000 + from + index),
        ...records[(from + index) % records.length]!
      }))
      await producer.send({ messages, acks: -1 })
    }
  }
  const cost = new Cost()
  // one after the other: its sequence numbers do not bear concurrent calls
  await send()
  const figures = cost.of(settings.records)
  await producer.close()
  return figures
}
