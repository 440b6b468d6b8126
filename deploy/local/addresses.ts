/** What the retail system runs on. */
export const standardServiceNames = ['kafka', 'elasticsearch', 'postgres', 's3'] as const

/** Started only when asked for by name: `s3mock` is another object store, with versions. */
const optionalServiceNames = ['sqs', 's3mock', 'mysql', 'prometheus'] as const

export const serviceNames = [...standardServiceNames, ...optionalServiceNames] as const

export type StandardServiceName = (typeof standardServiceNames)[number]
export type ServiceName = (typeof serviceNames)[number]

export interface ServiceAddresses {
  /** host:port, comma-separated when there are several */
  kafkaBrokers: string
  elasticsearchUrl: string
  databaseUrl: string
  s3Endpoint: string
  sqsEndpoint: string
  s3mockEndpoint: string
  mysqlUrl: string
  prometheusUrl: string
}

export const addressKeys = {
  kafka: 'kafkaBrokers',
  elasticsearch: 'elasticsearchUrl',
  postgres: 'databaseUrl',
  s3: 's3Endpoint',
  sqs: 'sqsEndpoint',
  s3mock: 's3mockEndpoint',
  mysql: 'mysqlUrl',
  prometheus: 'prometheusUrl'
} as const satisfies Record<ServiceName, keyof ServiceAddresses>

/** The variables by which the application, and these commands, are told of a service that exists already. */
export const addressVariables = {
  kafka: 'KAFKA_BROKERS',
  elasticsearch: 'ELASTICSEARCH_URL',
  postgres: 'DATABASE_URL',
  s3: 'S3_ENDPOINT',
  sqs: 'SQS_ENDPOINT',
  s3mock: 'S3MOCK_ENDPOINT',
  mysql: 'MYSQL_URL',
  prometheus: 'PROMETHEUS_URL'
} as const satisfies Record<ServiceName, string>

/** An empty variable counts as unset, as in `KAFKA_BROKERS= npm start`. */
export function addressFromEnvironment(name: ServiceName): string | undefined {
  return process.env[addressVariables[name]] || undefined
}
