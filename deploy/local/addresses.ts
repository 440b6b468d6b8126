export const serviceNames = ['kafka', 'elasticsearch', 'postgres', 's3'] as const

export type ServiceName = (typeof serviceNames)[number]

export interface ServiceAddresses {
  /** host:port, comma-separated when there are several */
  kafkaBrokers: string
  elasticsearchUrl: string
  databaseUrl: string
  s3Endpoint: string
}

export const addressKeys = {
  kafka: 'kafkaBrokers',
  elasticsearch: 'elasticsearchUrl',
  postgres: 'databaseUrl',
  s3: 's3Endpoint'
} as const satisfies Record<ServiceName, keyof ServiceAddresses>

/** The variables by which the application, and these commands, are told of a service that exists already. */
export const addressVariables = {
  kafka: 'KAFKA_BROKERS',
  elasticsearch: 'ELASTICSEARCH_URL',
  postgres: 'DATABASE_URL',
  s3: 'S3_ENDPOINT'
} as const satisfies Record<ServiceName, string>

/** An empty variable counts as unset, as in `KAFKA_BROKERS= npm start`. */
export function addressFromEnvironment(name: ServiceName): string | undefined {
  return process.env[addressVariables[name]] || undefined
}
