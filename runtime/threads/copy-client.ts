import type { ClientCopy, KafkaClient } from '../../kafka/port/client.ts'

/** A Kafka client made again in this thread. */
export async function copyClient({ module, name, options }: ClientCopy): Promise<KafkaClient> {
  const classes = (await import(module)) as Record<string, new (options: unknown) => KafkaClient>
  const Client = classes[name]
  if (Client === undefined) throw new Error(`${module} has no ${name}`)
  return new Client(options)
}
