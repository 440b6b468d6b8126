import { LocalServiceError } from './errors.ts'
import { accepts } from './ports.ts'

/**
 * Kafka answers when a client gets its metadata, with at least one broker that takes requests: that node, when there are
 * several and one is meant.
 */
export async function probeKafka(brokers: string, node?: number): Promise<void> {
  const [host = '', port = ''] = (brokers.split(',')[0] ?? '').split(':')
  // far cheaper than a client, while the broker is still on its way
  await accepts(host, Number(port))
  // loaded late: only starting and asking for the status need a client
  const { Admin } = await import('@platformatic/kafka')
  const admin = new Admin({
    clientId: 'local-services',
    bootstrapBrokers: [`${host}:${port}`],
    retries: 0,
    connectTimeout: 2_000,
    timeout: 5_000
  })
  try {
    const metadata = await admin.metadata({ topics: [], forceUpdate: true })
    if (metadata.brokers.size === 0) throw new LocalServiceError('Kafka has no active broker yet')
    if (node !== undefined && !metadata.brokers.has(node))
      throw new LocalServiceError(`node ${node} does not take requests yet`)
  } finally {
    await admin.close()
  }
}
