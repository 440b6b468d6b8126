import type { CountryBucket } from '../../ingest/buckets.ts'
import type { LedgerRole } from './ledger-plan.ts'

export interface LedgerWorkerSettings {
  readonly role: LedgerRole
  readonly brokers: string
  readonly databaseUrl: string
  readonly elasticsearchUrl: string
  readonly s3Endpoint: string
  readonly sqsEndpoint: string
  readonly queueUrl: string
  readonly buckets: readonly CountryBucket[]
  readonly archive: string
  readonly stateDirectory: string
}

/** How far a process is. For the ingest, after it has looked through the buckets. */
export interface LedgerState {
  /** Nothing is to be done. */
  readonly quiet: boolean
  /** What is still to be done, in words. */
  readonly details: string
}

/** From the driver: one question at a time. */
export interface LedgerOrder {
  readonly question: number
}

/** From a process. */
export type LedgerNotice =
  | { readonly notice: 'started' }
  | { readonly notice: 'answer'; readonly question: number; readonly state: LedgerState }
  /** It ends, for an error of this code or name */
  | { readonly notice: 'failed'; readonly code: string; readonly message: string }
