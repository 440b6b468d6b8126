import {
  ConfigResourceTypes,
  describeConfigsV4,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1
} from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import { type Cluster, lookUp } from './cluster.ts'
import type { ChannelOptions } from './connections.ts'
import { brokerCode, brokerError } from './errors.ts'

/** One attempt: settings in force of each topic that exists. Secrets, which brokers do not tell, are left out. */
export async function topicConfigs(
  cluster: Cluster,
  names: readonly string[]
): Promise<Map<string, Readonly<Record<string, string>>>> {
  const resources = names.map((resourceName) => ({
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName,
    configurationKeys: null
  }))
  const answer = await cluster.any('admin', lookUp, (channel) =>
    channel.call(describeConfigsV4.api, resources, false, false)
  )
  const found = new Map<string, Readonly<Record<string, string>>>()
  for (const { errorCode, errorMessage, resourceName, configs } of answer.results) {
    if (errorCode === brokerCode.unknownTopicOrPartition) continue
    if (errorCode !== 0) throw brokerError(`settings of topic '${resourceName}'`, errorCode, errorMessage)
    const settings: Record<string, string> = {}
    for (const { name, value } of configs) if (typeof value === 'string') settings[name] = value
    found.set(resourceName, settings)
  }
  return found
}

/** One attempt to set some settings of a topic. Throws TOPIC_MISSING, CONFIG_INVALID, BROKER_REFUSED, BROKER_UNAVAILABLE. */
export async function alterTopicConfigs(
  cluster: Cluster,
  topic: string,
  configs: Readonly<Record<string, string>>,
  options: ChannelOptions
): Promise<void> {
  const resource = {
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName: topic,
    configs: Object.entries(configs).map(([name, value]) => ({
      name,
      configOperation: IncrementalAlterConfigOperationTypes.SET,
      value
    }))
  }
  const answer = await cluster.any('admin', options, (channel) =>
    channel.call(incrementalAlterConfigsV1.api, [resource], false)
  )
  for (const { errorCode, errorMessage } of answer.responses) {
    if (errorCode === brokerCode.unknownTopicOrPartition)
      throw new StreamsError('TOPIC_MISSING', `there is no topic '${topic}' whose settings could be changed`)
    if (errorCode !== 0)
      throw brokerError(
        `setting ${Object.keys(configs).join(', ')} of topic '${topic}'`,
        errorCode,
        errorMessage
      )
  }
}
