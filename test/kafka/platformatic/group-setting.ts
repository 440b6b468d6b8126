import {
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1
} from '@platformatic/kafka'
import { expect } from 'vitest'
import { Cluster } from '../../../kafka/platformatic/cluster.ts'
import { defaultChannel } from '../../../kafka/platformatic/connections.ts'

/** As `kafka-configs --entity-type groups --alter` does it. */
export async function setOfGroup(
  brokers: readonly string[],
  group: string,
  name: string,
  value: string
): Promise<void> {
  const cluster = new Cluster('settings', { brokers })
  const configs = [{ name, configOperation: IncrementalAlterConfigOperationTypes.SET, value }]
  const resource = { resourceType: ConfigResourceTypes.GROUP, resourceName: group, configs }
  const { responses } = await cluster.any('admin', defaultChannel, (channel) =>
    channel.call(incrementalAlterConfigsV1.api, [resource], false)
  )
  expect(responses.map(({ errorCode }) => errorCode)).toEqual([0])
  await cluster.close()
}
