import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alterUserScramCredentialsV0 } from '@platformatic/kafka'
import { startCluster } from '../../../deploy/local/cluster.ts'
import { Channel, defaultChannel, parseAddress } from '../../../kafka/platformatic/connections.ts'
import { type Certificates, makeCertificates } from './certificates.ts'

export const user = 'alice'
export const password = 'correct horse, battery=staple'

const modules = 'org.apache.kafka.common.security'

/** How clients of the secured listeners may prove who they are. */
const sasl: Readonly<Record<string, string>> = {
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  'listener.name.client.plain.sasl.jaas.config': `${modules}.plain.PlainLoginModule required user_${user}="${password}";`,
  'listener.name.client.scram-sha-256.sasl.jaas.config': `${modules}.scram.ScramLoginModule required;`,
  'listener.name.client.scram-sha-512.sasl.jaas.config': `${modules}.scram.ScramLoginModule required;`,
  // takes tokens that nobody signed: for tests alone
  'listener.name.client.oauthbearer.sasl.jaas.config': `${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  // sessions of tokens must be renewed
  'listener.name.client.oauthbearer.connections.max.reauth.ms': '2000'
}

/** A broker whose clients need SASL, with or without TLS; and a plaintext listener for whoever sets it up. */
export interface SecureBroker {
  readonly address: string
  readonly plainAddress: string
  readonly certificates: Certificates
  close(): Promise<void>
}

export async function startSecureBroker(
  clientProtocol: 'SASL_SSL' | 'SASL_PLAINTEXT'
): Promise<SecureBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'store-sku-secure-'))
  const certificates = await makeCertificates(folder)
  const tls =
    clientProtocol === 'SASL_SSL'
      ? { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': certificates.valid.file }
      : {}
  const cluster = await startCluster({
    directory: folder,
    brokers: 1,
    clientProtocol,
    settings: { ...sasl, ...tls }
  })
  const broker = {
    address: cluster.bootstrap,
    plainAddress: cluster.internalBootstrap,
    certificates,
    close: async () => {
      await cluster.stop({ wipe: true })
      await rm(folder, { recursive: true, force: true })
    }
  }
  try {
    await addScramUser(broker.plainAddress)
  } catch (error) {
    await broker.close()
    throw error
  }
  return broker
}

/** SCRAM mechanisms by their numbers in Kafka's protocol. */
const scram = [
  { mechanism: 1, digest: 'sha256', bytes: 32 },
  { mechanism: 2, digest: 'sha512', bytes: 64 }
]

async function addScramUser(address: string): Promise<void> {
  const channel = new Channel(parseAddress(address), 'test', {}, defaultChannel)
  const salt = randomBytes(16)
  const iterations = 4096
  const credentials = scram.map(({ mechanism, digest, bytes }) => ({
    name: user,
    mechanism,
    iterations,
    salt,
    saltedPassword: pbkdf2Sync(password, salt, iterations, bytes, digest)
  }))
  try {
    // one of them a request: the broker takes no more for one user
    for (const credential of credentials) {
      const answer = await channel.call(alterUserScramCredentialsV0.api, [], [credential])
      const { errorCode, errorMessage } = answer.results[0]!
      if (errorCode !== 0) throw new Error(`adding a SCRAM user: ${errorCode} ${errorMessage}`)
    }
  } finally {
    await channel.close()
  }
}

/** A token that the broker's unsecured login module takes. */
export function unsecuredToken(subject: string, secondsToLive = 60): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Date.now() / 1_000
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + secondsToLive })}.`
}
