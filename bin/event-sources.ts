import { type Logger, StreamsError } from '../index.ts'
import type { CountryBucket } from '../ingest/buckets.ts'
import { IngestServer } from '../ingest/events/ingest-server.ts'
import { SqsPoller, type SqsPollerOptions } from '../ingest/events/sqs-poller.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { ObjectStore } from '../ingest/object-store.ts'

export interface EventSourceOptions {
  readonly queueUrl?: string | undefined
  readonly listen?: { readonly host: string; readonly port: number; readonly token: string } | undefined
}

export interface EventSourceParts {
  readonly ingest: Pick<Ingest, 'announce' | 'deadLetter'>
  readonly store: ObjectStore
  readonly buckets: readonly CountryBucket[]
  readonly logger: Logger
  /** Of a queue server that is not AWS. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** `HOST:PORT`, or a port of 127.0.0.1; and the token, which no command line should show. Throws CONFIG_INVALID. */
export function listenAt(address: string, token: string | undefined): EventSourceOptions['listen'] {
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d{1,5})$/.exec(address) ?? []
  if (port === undefined || Number(port) > 65_535)
    throw new StreamsError('CONFIG_INVALID', `--listen ${address}: write it as PORT or HOST:PORT`)
  if (token === undefined || token === '')
    throw new StreamsError(
      'CONFIG_INVALID',
      '--listen needs the variable INGEST_TOKEN: who sends files must know it'
    )
  return { host, port: Number(port), token }
}

/** Seconds as milliseconds. Throws CONFIG_INVALID for what is no number above zero. */
export function scanInterval(seconds: string): number {
  const intervalMs = Number(seconds) * 1000
  if (!(intervalMs > 0))
    throw new StreamsError('CONFIG_INVALID', `--scan-every ${seconds}: give a number of seconds`)
  return intervalMs
}

/** Where the ingest hears of files from while it runs, besides looking through the buckets: a queue of S3's notifications, and HTTP. */
export class EventSources {
  readonly #closers: (() => Promise<void>)[] = []

  /** Throws CONFIG_INVALID, and what listening to the port throws. */
  static async open(
    { queueUrl, listen }: EventSourceOptions,
    { ingest, store, buckets, logger, credentials }: EventSourceParts
  ): Promise<EventSources> {
    const sources = new EventSources()
    const announce: Ingest['announce'] = (events) => ingest.announce(events)
    if (listen !== undefined) {
      const { host, port, token } = listen
      const server = new IngestServer({ token, store, buckets, announce, logger })
      logger.info(
        `uploads and notifications on http://${host}:${await server.listen(port, host)}/files and /events`
      )
      sources.#closers.push(() => server.close())
    }
    if (queueUrl !== undefined) {
      const poller = new SqsPoller({
        queueUrl,
        ...queueServer(queueUrl, credentials),
        announce,
        deadLetter: (notification) => ingest.deadLetter(notification),
        logger
      })
      poller.start()
      sources.#closers.push(() => poller.close())
    }
    return sources
  }

  /** Finishes what is under way; before the ingest is closed. */
  async close(): Promise<void> {
    await Promise.all(this.#closers.map((close) => close()))
  }
}

const awsQueue = /^sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/

/** AWS is told by its host name, which bears the region; any other host is a server of its own, such as ElasticMQ. */
function queueServer(
  queueUrl: string,
  credentials: EventSourceParts['credentials']
): Pick<SqsPollerOptions, 'region' | 'endpoint' | 'credentials'> {
  const { host, origin } = new URL(queueUrl)
  const region = awsQueue.exec(host)?.[1]
  return region === undefined ? { endpoint: origin, credentials } : { region }
}
