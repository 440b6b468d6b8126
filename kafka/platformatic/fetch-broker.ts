import type { Address } from './endpoint.ts'
import type { FetchConnection } from './fetch-connection.ts'
import { FetchSession } from './fetch-session.ts'
import { Backoff } from './retry.ts'

/**
 * What is under way at one broker. The long poll, a fetch session, takes every partition that may be fetched. A partition that becomes
 * ready while the poll is waiting, and may have data, does not wait for its end: the quick request gets it over a second
 * connection, without a session.
 */
export class FetchBroker {
  readonly address: Address
  readonly session = new FetchSession()
  readonly backoff = new Backoff()
  longPoll = false
  quick = false
  retryAt = 0
  readonly #connect: () => FetchConnection
  readonly #connections = new Map<'longPoll' | 'quick', FetchConnection>()

  constructor(address: Address, connect: () => FetchConnection) {
    this.address = address
    this.#connect = connect
  }

  connection(purpose: 'longPoll' | 'quick'): FetchConnection {
    const known = this.#connections.get(purpose)
    if (known !== undefined) return known
    const made = this.#connect()
    this.#connections.set(purpose, made)
    return made
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close()
  }
}
