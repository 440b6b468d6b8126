import type { ConnectionOptions } from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'

/** How to prove who this client is, in the library's own type: values, or functions that are asked for each connection. */
export type Sasl = NonNullable<ConnectionOptions['sasl']>

const credentials = ['username', 'password', 'token', 'oauthBearerExtensions'] as const

/** Throws CONFIG_INVALID when the mechanism lacks what it needs. */
export function checkSasl(sasl: Sasl): void {
  if (sasl.authenticate !== undefined) return
  const needed = sasl.mechanism === 'OAUTHBEARER' ? (['token'] as const) : (['username', 'password'] as const)
  for (const name of needed)
    if (sasl[name] === undefined)
      throw new StreamsError(
        'CONFIG_INVALID',
        `SASL ${sasl.mechanism} needs sasl.${name}: a value, or a function`
      )
}

/**
 * The settings as the library needs them to tell what went wrong. A provider that fails must not look like a refusal by the broker: a token service that is away comes back. What it throws becomes
 * BROKER_UNAVAILABLE, which is tried again, unless it threw a StreamsError of its own.
 */
export function guardedSasl(sasl: Sasl): Sasl {
  const guarded: Record<string, unknown> = { ...sasl }
  for (const name of credentials) {
    const provider = sasl[name]
    if (typeof provider === 'function') guarded[name] = guardedProvider(name, provider)
  }
  if (sasl.mechanism === 'OAUTHBEARER' && sasl.authBytesValidator === undefined)
    guarded['authBytesValidator'] = acceptedToken
  return guarded as unknown as Sasl
}

/** A broker that refuses a token answers with JSON and without an error code (RFC 7628, 3.2.2); one that takes it says nothing. */
const acceptedToken: NonNullable<Sasl['authBytesValidator']> = (answer, callback) => {
  if (answer.length === 0) callback(null, answer)
  else
    callback(
      new StreamsError(
        'BROKER_REFUSED',
        `the broker refused the token (${answer.toString('utf8', 0, 200)}); check its issuer, audience, scope and expiry`
      )
    )
}

function guardedProvider(name: string, provider: () => unknown): () => Promise<unknown> {
  return async () => {
    try {
      return await provider()
    } catch (error) {
      if (error instanceof StreamsError) throw error
      const reason = error instanceof Error ? error.message : String(error)
      throw new StreamsError(
        'BROKER_UNAVAILABLE',
        `the provider of the SASL ${name} failed: ${reason}`,
        error
      )
    }
  }
}
