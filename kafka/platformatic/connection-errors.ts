import { AuthenticationError, NetworkError, UserError } from '@platformatic/kafka'
import { type ErrorCode, StreamsError } from '../../core/errors.ts'
import { brokerCode } from './broker-codes.ts'

type Verdict = readonly [code: ErrorCode, message: string]

/**
 * What errors of the library and of sockets mean. Who said no decides the code:
 *
 *   BROKER_UNAVAILABLE  nobody: the network, a broker that is away or too slow. It may pass.
 *   BROKER_REFUSED      the broker, to these credentials; or something that will not pass by itself
 *   CONFIG_INVALID      this client and the listener do not speak the same way: TLS, SASL, certificates
 */
export function connectionError(what: string, error: unknown): StreamsError {
  if (error instanceof StreamsError) return error
  const chain = causes(error)
  const [code, message] = verdict(chain) ?? unexplained(chain)
  return new StreamsError(code, `${what}: ${message}`, error)
}

/** The first of the chain that explains itself. */
function verdict(chain: readonly Error[]): Verdict | undefined {
  for (const error of chain) {
    if (error instanceof StreamsError) return [error.code, error.message]
    const found = byBrokerCode(error) ?? bySystemCode(error)
    if (found !== undefined) return found
  }
  return undefined
}

function unexplained(chain: readonly Error[]): Verdict {
  const messages = [...new Set(chain.map(({ message }) => message))]
  const text =
    messages.length > 1 ? `${messages[0]} (${messages.slice(1).join(', ')})` : (messages[0] ?? 'unknown')
  const deepest = chain.at(-1)
  // what broke beneath an authentication is not the broker's judgement of it
  if (deepest !== undefined && isNetwork(deepest)) return ['BROKER_UNAVAILABLE', text]
  if (chain.some((error) => error instanceof UserError)) return ['CONFIG_INVALID', text]
  if (chain.some((error) => error instanceof AuthenticationError)) return ['BROKER_REFUSED', text]
  if (chain.some(isNetwork)) return ['BROKER_UNAVAILABLE', text]
  return ['BROKER_REFUSED', text]
}

function byBrokerCode(error: Error): Verdict | undefined {
  const { apiCode, serverErrorMessage } = error as {
    readonly apiCode?: unknown
    readonly serverErrorMessage?: unknown
  }
  const said =
    typeof serverErrorMessage === 'string' && serverErrorMessage !== '' ? ` (${serverErrorMessage})` : ''
  switch (apiCode) {
    case brokerCode.saslAuthenticationFailed:
      return [
        'BROKER_REFUSED',
        `the broker refused the credentials${said}; check user name and password, or the token`
      ]
    case brokerCode.unsupportedSaslMechanism:
      return ['CONFIG_INVALID', 'this listener does not offer the SASL mechanism; check sasl.mechanism']
    case brokerCode.illegalSaslState:
      return [
        'CONFIG_INVALID',
        'this listener does not ask for SASL; leave sasl out, or name the port that does'
      ]
    default:
      return undefined
  }
}

const untrusted: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED'
])

function bySystemCode(error: Error): Verdict | undefined {
  const code = (error as { readonly code?: unknown }).code
  if (untrusted.has(code))
    return [
      'CONFIG_INVALID',
      `the broker's certificate is from an authority that is not trusted here (${code}); give its certificate as tls.ca`
    ]
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return [
      'CONFIG_INVALID',
      `the broker's certificate ${code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'} (${code}); renew it, or check this machine's clock`
    ]
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return [
      'CONFIG_INVALID',
      `the broker's certificate is for another host name (${error.message}); connect by a name it has, or set tls.servername`
    ]
  if (typeof code === 'string' && (code === 'EPROTO' || code.startsWith('ERR_SSL_')))
    return [
      'CONFIG_INVALID',
      `TLS failed (${error.message}); check that this is a TLS port, and tls.cert and tls.key`
    ]
  if (error instanceof UserError && error.message === 'Broker requires TLS.')
    return ['CONFIG_INVALID', 'this listener speaks TLS; set tls, or name the plaintext port']
  return undefined
}

function isNetwork(error: Error): boolean {
  const code = (error as { readonly code?: unknown }).code
  return (
    error instanceof NetworkError ||
    // the library's timeouts carry the code of its network errors
    code === NetworkError.code ||
    code === 'PLT_KFK_UNEXPECTED_CORRELATION_ID' ||
    (typeof code === 'string' && socketCodes.has(code))
  )
}

const socketCodes: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN'
])

/** An error and what is beneath it, outermost first. */
function causes(error: unknown): Error[] {
  const chain: Error[] = []
  let at: unknown = error
  while (at !== undefined && chain.length < 8) {
    if (!(at instanceof Error)) {
      chain.push(new Error(String(at)))
      break
    }
    chain.push(at)
    at = at.cause ?? (at instanceof AggregateError ? at.errors[0] : undefined)
  }
  return chain
}
