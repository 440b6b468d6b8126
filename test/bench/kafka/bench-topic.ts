import { PlatformaticClient } from '../../../kafka/platformatic/client.ts'
import type { ClusterOptions } from '../../../kafka/platformatic/cluster.ts'
import { appendAll } from './produce-ours.ts'
import { sales } from './records.ts'

export const partitions = 4

/** A name that no other run uses. */
export function topicName(purpose: string): string {
  return `bench-${purpose}-${Date.now().toString(36)}-${process.pid}`
}

export async function makeTopic(
  options: ClusterOptions,
  name: string,
  configs: Readonly<Record<string, string>> = {}
): Promise<void> {
  const admin = new PlatformaticClient(options).admin('bench')
  await admin.createTopics([{ name, partitions, replicas: 1, configs: { 'retention.ms': '-1', ...configs } }])
  await admin.close()
}

export async function fillTopic(options: ClusterOptions, name: string, count: number): Promise<void> {
  const producer = await new PlatformaticClient(options).producer({ clientId: 'bench' })
  await appendAll(producer, await producer.topic(name), sales(100_000), count)
  await producer.close()
}

export async function deleteTopics(options: ClusterOptions, names: readonly string[]): Promise<void> {
  const admin = new PlatformaticClient(options).admin('bench')
  await admin.deleteTopics(names)
  await admin.close()
}
