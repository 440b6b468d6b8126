import type { BenchCase, Suite } from '../case.ts'
import { deleteTopics, fillTopic, makeTopic, partitions, topicName } from './bench-topic.ts'
import { type BenchBroker, plainBroker, securedBroker } from './brokers.ts'
import { type ClientSettings, clusterOptions } from './client-settings.ts'

const cpu = 'CPU µs/record'

/** Reading and writing JSON records of ~180 B on 4 partitions, beside other clients. */
export const kafka: Suite = {
  title: 'Kafka: consume, produce, transactions',
  async prepare(options) {
    const opened: { close(): Promise<void> }[] = []
    const close = async (): Promise<void> => {
      for (const one of opened.reverse()) await one.close()
    }
    const topics = async (broker: BenchBroker) => {
      const at = { ...broker, partitions, records: options.records }
      const input = { ...at, topic: topicName('input') }
      const output = { ...at, topic: topicName('output') }
      const cluster = clusterOptions(input)
      await makeTopic(cluster, input.topic)
      await makeTopic(cluster, output.topic, { 'retention.bytes': '200000000', 'segment.bytes': '50000000' })
      opened.push({ close: () => deleteTopics(cluster, [input.topic, output.topic]) })
      await fillTopic(cluster, input.topic, options.records)
      return { input, output }
    }
    try {
      const plain = await plainBroker(options)
      opened.push(plain)
      const cases = plainCases(await topics(plain))
      const secured = await securedBroker(options)
      if (secured !== undefined) {
        opened.push(secured)
        cases.push(...securedCases(await topics(secured)))
      }
      return { cases, close }
    } catch (error) {
      await close()
      throw error
    }
  }
}

interface Topics {
  readonly input: ClientSettings
  readonly output: ClientSettings
}

function plainCases({ input, output }: Topics): BenchCase[] {
  return [
    ...consumeCases('consume', input),
    { group: 'consume', name: 'its stream', program: 'consume-platformatic', settings: input },
    { group: 'consume', name: 'kafkajs', program: 'consume-kafkajs', settings: input },
    {
      group: 'produce',
      name: 'ours',
      program: 'produce-ours',
      settings: output,
      target: { figure: cpu, atMost: 1.4 }
    },
    { group: 'produce', name: 'its producer', program: 'produce-platformatic', settings: output },
    { group: 'produce', name: 'kafkajs', program: 'produce-kafkajs', settings: output },
    {
      group: 'transactions',
      name: 'ours',
      program: 'transactions',
      settings: output,
      target: { figure: 'transactionsPerSecond', atLeast: 100 }
    }
  ]
}

function securedCases({ input, output }: Topics): BenchCase[] {
  return [
    ...consumeCases('consume, SASL and TLS', input),
    { group: 'produce, SASL and TLS', name: 'ours', program: 'produce-ours', settings: output }
  ]
}

function consumeCases(group: string, input: ClientSettings): BenchCase[] {
  return [
    {
      group,
      name: 'ours, own connection',
      program: 'consume-ours',
      settings: { ...input, connection: 'own' },
      target: { figure: cpu, atMost: 0.45 }
    },
    {
      group,
      name: "ours, the library's connection",
      program: 'consume-ours',
      settings: { ...input, connection: 'library' },
      target: { figure: cpu, atMost: 0.9 }
    }
  ]
}
