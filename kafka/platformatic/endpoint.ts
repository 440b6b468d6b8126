import { isIP } from 'node:net'
import type { ConnectionOptions } from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import type { Sasl } from './sasl.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** How to reach brokers, in the library's own types. */
export interface Security {
  readonly tls?: NonNullable<ConnectionOptions['tls']>
  readonly sasl?: Sasl
}

export interface ChannelOptions {
  /** After this long a request counts as failed. It is not sent again by itself: the broker may still act on it. */
  readonly requestTimeoutMs: number
  /** Requests under way at once; further ones wait. */
  readonly maxInflights: number
  /** The answer waits for others by design, so the cluster's own bound does not count. */
  readonly waitsForOthers?: true
}

/** Name and version by which brokers know this client in their own metrics. */
export const clientSoftware: readonly [name: string, version: string] = ['store-sku', '1']
export const defaultChannel: ChannelOptions = { requestTimeoutMs: 30_000, maxInflights: 5 }

export function addressName(address: Address): string {
  return `${address.host}:${address.port}`
}

export function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  const port = Number(text.slice(colon + 1))
  if (colon < 1 || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new StreamsError('CONFIG_INVALID', `'${text}' is no broker address; write host:port`)
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port }
}

/**
 * For TLS: the name under which a broker is asked for (SNI), by which a router in front of many brokers tells them apart. Addresses have none, and
 * `tls.servername` comes first.
 */
export function serverName(host: string): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {}
}
