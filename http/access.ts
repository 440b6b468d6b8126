import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { StreamsError } from '../core/errors.ts'

/** TLS on both sides: whoever connects shows a certificate that `ca` has signed. All are PEM. */
export interface MutualTls {
  readonly key: string
  readonly cert: string
  readonly ca: string
}

export interface Access {
  /** Whoever calls must send it: `Authorization: Bearer <token>`. At least 16 characters. */
  readonly token?: string
  readonly tls?: MutualTls
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost'])

/** Throws CONFIG_INVALID for a short token, and for an address that others can reach without either a token or TLS. */
export function checkAccess({ token, tls }: Access, host: string): void {
  if (token !== undefined && token.length < 16)
    throw new StreamsError('CONFIG_INVALID', 'the token of the HTTP server has less than 16 characters')
  if (token === undefined && tls === undefined && !loopback.has(host))
    throw new StreamsError(
      'CONFIG_INVALID',
      `the HTTP server would listen on ${host} for everybody: give it a token or mutual TLS, or let it listen on 127.0.0.1`
    )
}

/** Says of the header `authorization` whether it holds the token, in a time that does not depend on how much of it is right. */
export function tokenCheck(token: string | undefined): (authorization: string | undefined) => boolean {
  if (token === undefined) return () => true
  const expected = digest(`Bearer ${token}`)
  return (authorization) => timingSafeEqual(digest(authorization ?? ''), expected)
}

/**
 * Says of the header `host` whether the caller came by an address or by `localhost`. Where there is no token, only these are let in: a page of
 * somebody else, open in a browser on this machine, can have its own name lead here, but cannot come without that name.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || isIP(name) !== 0
}

/** Of equal length whatever is sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
