import type { ClusterOptions } from '../../../kafka/platformatic/cluster.ts'

/** How a program reaches the broker, and what it reads or writes. */
export interface ClientSettings {
  readonly brokers: readonly string[]
  /** SASL_SSL with SCRAM-SHA-512. */
  readonly security?: { readonly ca: string; readonly username: string; readonly password: string }
  readonly topic: string
  readonly partitions: number
  readonly records: number
}

/** In the library's types, which are ours, too. */
export type Access = Pick<ClusterOptions, 'brokers' | 'tls' | 'sasl'>

export function clusterOptions({ brokers, security }: ClientSettings): Access {
  if (security === undefined) return { brokers }
  const { ca, username, password } = security
  return { brokers, tls: { ca }, sasl: { mechanism: 'SCRAM-SHA-512', username, password } }
}
