import {
  type Connection,
  saslAuthenticateV2,
  saslHandshakeV1,
  saslOAuthBearer,
  saslPlain,
  saslScramSha
} from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import { connectionError } from './errors.ts'
import { guardedSasl, type Sasl } from './sasl.ts'

type Authenticated = saslAuthenticateV2.SaslAuthenticateResponse
type Callback<T> = (error: Error | null | undefined, answer?: T) => void

/** For the steps of the handshake, and for a token provider. */
const withinMs = 20_000

/**
 * Runs the library's handshake over a connection and resolves with the session's lifetime in ms, 0 for one without end. `makeConnection`
 * makes what the library sends by; it is handed whom to tell what the library throws on a strange answer. Throws BROKER_UNAVAILABLE,
 * BROKER_REFUSED, CONFIG_INVALID.
 */
export async function authenticate(
  sasl: Sasl,
  where: string,
  makeConnection: (thrown: (error: Error) => void) => Connection
): Promise<number> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<number>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new StreamsError('BROKER_UNAVAILABLE', `${where}: no authentication within ${withinMs} ms`))
      }, withinMs)
      handshake(guardedSasl(sasl), makeConnection(reject)).then(resolve, reject)
    })
  } catch (error) {
    throw connectionError(`SASL ${sasl.mechanism} with ${where}`, error)
  } finally {
    clearTimeout(timer)
  }
}

async function handshake(sasl: Sasl, connection: Connection): Promise<number> {
  await saslHandshakeV1.api.async(connection, sasl.mechanism)
  const { authBytes, sessionLifetimeMs } = await proveIdentity(sasl, connection)
  const validate = sasl.authBytesValidator
  if (validate !== undefined) await settled<Buffer>((callback) => validate(authBytes, callback as never))
  return Number(sessionLifetimeMs)
}

/** What a mechanism needs was checked with the settings. */
async function proveIdentity(sasl: Sasl, connection: Connection): Promise<Authenticated> {
  const { mechanism, username = '', password = '', token = '', authenticate: custom } = sasl
  const api = saslAuthenticateV2.api
  if (custom !== undefined)
    return settled((callback) =>
      custom(mechanism, connection, api, sasl.username, sasl.password, sasl.token, callback as never)
    )
  if (mechanism === 'PLAIN') return saslPlain.authenticate(api, connection, username, password)
  if (mechanism === 'OAUTHBEARER')
    return saslOAuthBearer.authenticate(api, connection, token, sasl.oauthBearerExtensions ?? {})
  if (mechanism === 'GSSAPI')
    throw new StreamsError('CONFIG_INVALID', 'SASL GSSAPI needs an authenticate function')
  const hash = mechanism === 'SCRAM-SHA-256' ? 'SHA-256' : 'SHA-512'
  return saslScramSha.authenticate(api, connection, hash, username, password, saslScramSha.defaultCrypto)
}

/** Awaits what takes a callback. */
function settled<T>(start: (callback: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, answer) => (error ? reject(error) : resolve(answer as T)))
  })
}
