import { join } from 'node:path'
import type { Registry } from 'prom-client'
import {
  addressFromEnvironment,
  addressVariables,
  type StandardServiceName
} from '../deploy/local/addresses.ts'
import { readState } from '../deploy/local/state.ts'
import { type KafkaClient, kafkaClientMetrics, PlatformaticClient, StreamsError } from '../index.ts'
import { kafkaSecurity } from './kafka-security.ts'
import { loadExport } from './load-export.ts'

/** Options of commands that talk to brokers. */
export const kafkaOptions = {
  brokers: {
    type: 'string',
    value: 'LIST',
    help: "host:port, several with commas between (default KAFKA_BROKERS, else the local services')"
  },
  kafka: {
    type: 'string',
    value: 'M#E',
    help: 'module and export: a KafkaClient, where KAFKA_SECURITY_PROTOCOL and the like do not do; --brokers is not used then'
  },
  dir: { type: 'string', value: 'DIR', default: '.local', help: 'folder of the local services' }
} as const

/** Where an application keeps its state. */
export const stateOptions = {
  application: { type: 'string', value: 'ID', default: 'retail', help: 'the application: its id' },
  state: { type: 'string', value: 'DIR', help: 'its state directory (default `state` in --dir)' }
} as const

interface KafkaValues {
  readonly brokers?: string | undefined
  readonly kafka?: string | undefined
  readonly dir: string
}

/** The brokers that a command's options name, whose clients tell their metrics to the registry. Throws CONFIG_INVALID. */
export async function kafkaOf(
  { brokers, kafka, dir }: KafkaValues,
  registry?: Registry
): Promise<KafkaClient> {
  if (kafka !== undefined) {
    const client = await loadExport(kafka)
    if (isKafkaClient(client)) return client
    throw new StreamsError('CONFIG_INVALID', `${kafka} is no KafkaClient`)
  }
  const list = brokers ?? (await serviceAddress('kafka', dir))
  return new PlatformaticClient({
    brokers: list.split(',').map((broker) => broker.trim()),
    ...(await kafkaSecurity()),
    ...(registry === undefined ? {} : { metrics: kafkaClientMetrics(registry) })
  })
}

function isKafkaClient(value: unknown): value is KafkaClient {
  return typeof value === 'object' && value !== null && 'admin' in value && 'transactionalProducer' in value
}

/** Where a service is: what the environment names, else the local one. Throws CONFIG_INVALID if there is neither. */
export async function serviceAddress(name: StandardServiceName, dir: string): Promise<string> {
  const address = addressFromEnvironment(name) ?? (await readState(join(dir, name)))?.address
  if (address !== undefined) return address
  const variable = addressVariables[name]
  throw new StreamsError(
    'CONFIG_INVALID',
    `where is ${name}? Set ${variable}, or start local services: npm run local -- start`
  )
}

export function stateDirectoryOf(values: {
  readonly state?: string | undefined
  readonly dir: string
}): string {
  return values.state ?? join(values.dir, 'state')
}
