import { readFile } from 'node:fs/promises'
import { mskIam, type PlatformaticClient, StreamsError } from '../index.ts'

type Security = Pick<ConstructorParameters<typeof PlatformaticClient>[0], 'tls' | 'sasl'>

const passwordMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/**
 * How brokers want to be talked to, by variables that bear the names of Kafka's own settings: KAFKA_SECURITY_PROTOCOL (`security.protocol`),
 * KAFKA_SASL_MECHANISM (`sasl.mechanism`; AWS_MSK_IAM as its Java library has it), KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD, and
 * KAFKA_SSL_CA_FILE, a file of PEM certificates. Default: PLAINTEXT. Throws CONFIG_INVALID for what is unknown or missing.
 */
export async function kafkaSecurity(variables: NodeJS.ProcessEnv = process.env): Promise<Security> {
  const protocol = variables['KAFKA_SECURITY_PROTOCOL'] || 'PLAINTEXT'
  if (!/^(?:SASL_)?(?:SSL|PLAINTEXT)$/.test(protocol))
    throw new StreamsError(
      'CONFIG_INVALID',
      `KAFKA_SECURITY_PROTOCOL ${protocol}: there are PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL`
    )
  return {
    ...(protocol.endsWith('SSL') ? { tls: await certificates(variables['KAFKA_SSL_CA_FILE']) } : {}),
    ...(protocol.startsWith('SASL_') ? { sasl: identity(protocol, variables) } : {})
  }
}

async function certificates(file: string | undefined): Promise<NonNullable<Security['tls']>> {
  if (!file) return {}
  try {
    return { ca: await readFile(file, 'utf8') }
  } catch (error) {
    throw new StreamsError('CONFIG_INVALID', `KAFKA_SSL_CA_FILE: ${(error as Error).message}`, error)
  }
}

function identity(protocol: string, variables: NodeJS.ProcessEnv): NonNullable<Security['sasl']> {
  const mechanism = variables['KAFKA_SASL_MECHANISM'] ?? ''
  if (mechanism === 'AWS_MSK_IAM') {
    if (protocol !== 'SASL_SSL')
      throw new StreamsError('CONFIG_INVALID', 'AWS_MSK_IAM wants KAFKA_SECURITY_PROTOCOL SASL_SSL')
    return mskIam({ region: variables['AWS_REGION'] ?? '' })
  }
  const known = passwordMechanisms.find((name) => name === mechanism)
  if (known === undefined)
    throw new StreamsError(
      'CONFIG_INVALID',
      `KAFKA_SASL_MECHANISM "${mechanism}": there are ${passwordMechanisms.join(', ')}, AWS_MSK_IAM`
    )
  const username = variables['KAFKA_SASL_USERNAME']
  const password = variables['KAFKA_SASL_PASSWORD']
  if (!username || !password)
    throw new StreamsError(
      'CONFIG_INVALID',
      `${known} wants the variables KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD`
    )
  return { mechanism: known, username, password }
}
