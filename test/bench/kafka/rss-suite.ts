import type { Suite } from '../case.ts'
import { deleteTopics, fillTopic, makeTopic, partitions, topicName } from './bench-topic.ts'
import { plainBroker } from './brokers.ts'
import { clusterOptions } from './client-settings.ts'
import type { MemorySettings } from './memory.ts'

/** Memory must not grow with what has passed through. */
export const rss: Suite = {
  title: 'Memory after 5 M and 20 M records consumed and produced',
  async prepare(options) {
    const broker = await plainBroker(options)
    const settings: MemorySettings = {
      ...broker,
      partitions,
      records: 1_000_000,
      topic: topicName('input'),
      scratchTopic: topicName('scratch')
    }
    const cluster = clusterOptions(settings)
    const topics = [settings.topic, settings.scratchTopic]
    const close = async (): Promise<void> => {
      await deleteTopics(cluster, topics)
      await broker.close()
    }
    try {
      await makeTopic(cluster, settings.topic)
      await makeTopic(cluster, settings.scratchTopic, {
        'retention.bytes': '100000000',
        'segment.bytes': '50000000'
      })
      await fillTopic(cluster, settings.topic, settings.records)
    } catch (error) {
      await close()
      throw error
    }
    return {
      cases: [
        {
          group: 'memory',
          name: 'consume and produce',
          program: 'memory',
          settings,
          target: { figure: 'growth %', atMost: 10 },
          rounds: 1
        }
      ],
      close
    }
  }
}
