import { chmod, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { addressFromEnvironment, addressVariables } from '../../deploy/local/addresses.ts'
import { type ServiceAddresses, startServices, stopServices } from '../../deploy/local/services.ts'
import { type Stoppable, stoppable } from './ledger-plan.ts'

export type LedgerAddresses = Pick<
  ServiceAddresses,
  'kafkaBrokers' | 'elasticsearchUrl' | 'databaseUrl' | 's3Endpoint' | 'sqsEndpoint'
>

export const sqsCredentials = { accessKeyId: 'local', secretAccessKey: 'local' }
const names = ['kafka', ...stoppable] as const

/** The case's own services, each of which can be stopped by itself: so each has a directory of its own. */
export class LedgerServices {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async start(): Promise<LedgerAddresses> {
    const named = names.filter((name) => addressFromEnvironment(name) !== undefined)
    if (named.length > 0)
      throw new Error(
        `this case stops its services, so they must be its own; unset ${named.map((name) => addressVariables[name]).join(', ')}`
      )
    // the machine's own server is not ours to stop
    process.env['LOCAL_POSTGRES'] = 'embedded'
    await mkdir(this.#directory, { recursive: true })
    // PostgreSQL may have to run as another user, who must get to its folder
    await chmod(dirname(dirname(this.#directory)), 0o711)
    const all = await Promise.all(
      names.map((only) => startServices({ directory: join(this.#directory, only), only: [only] }))
    )
    const addresses = Object.assign({}, ...all) as LedgerAddresses
    await makeQueue(addresses.sqsEndpoint)
    return addresses
  }

  async stop(service: Stoppable): Promise<void> {
    await stopServices(join(this.#directory, service))
  }

  /** On its old port, with its data; but the queues, which are kept in memory, are empty. */
  async startAgain(service: Stoppable): Promise<void> {
    const started = await startServices({ directory: join(this.#directory, service), only: [service] })
    if (service === 'sqs') await makeQueue((started as LedgerAddresses).sqsEndpoint)
  }

  async end(): Promise<void> {
    await Promise.all(names.map((name) => stopServices(join(this.#directory, name), { wipe: true })))
  }
}

export const queueName = 'file-events'

async function makeQueue(endpoint: string): Promise<void> {
  const client = new SQSClient({ endpoint, region: 'us-east-1', credentials: sqsCredentials })
  try {
    await client.send(new CreateQueueCommand({ QueueName: queueName }))
  } finally {
    client.destroy()
  }
}
