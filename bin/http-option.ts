import { type ApplicationServerOptions, StreamsError } from '../index.ts'

/** The option that says where a command shows health, metrics and stores. */
export const httpOption = {
  http: {
    type: 'string',
    value: '[HOST:]PORT',
    help: 'the live graph (/live), health, metrics and stores over HTTP (127.0.0.1 by default; any other address wants the variable HTTP_TOKEN)'
  }
} as const

export interface HttpAddress extends Pick<ApplicationServerOptions, 'token'> {
  readonly host: string
  readonly port: number
}

/** Throws CONFIG_INVALID for what is no address. That another address than the loopback has a token is checked where it is listened to. */
export function httpAddress(address: string, token = process.env['HTTP_TOKEN']): HttpAddress {
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d{1,5})$/.exec(address) ?? []
  if (port === undefined || Number(port) > 65_535)
    throw new StreamsError('CONFIG_INVALID', `--http ${address}: write it as PORT or HOST:PORT`)
  // brackets are for writing an address of IPv6 before a port
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  return { host: bare, port: Number(port), ...(token === undefined || token === '' ? {} : { token }) }
}
