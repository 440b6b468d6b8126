import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Access } from './access.ts'

export interface PeerAnswer {
  readonly status: number
  readonly body: string
}

/** Set on a question that another process passes on: it is answered here or not at all. */
export const hopHeader = 'x-store-sku-hop'

/** A page of entries has its bound in entries; one that is larger than this is refused. */
const mostBytes = 64 * 1024 * 1024

/**
 * Puts a question to the process at `endpoint` (`host:port`), with the caller's own credentials. Rejects when it does not answer within
 * `timeoutMs`.
 */
export function askPeer(
  endpoint: string,
  path: string,
  access: Access,
  timeoutMs: number
): Promise<PeerAnswer> {
  const { tls, token } = access
  const headers = {
    [hopHeader]: '1',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` })
  }
  const signal = AbortSignal.timeout(timeoutMs)
  const request =
    tls === undefined
      ? httpRequest(`http://${endpoint}${path}`, { headers, signal })
      : httpsRequest(`https://${endpoint}${path}`, { headers, signal, ...tls })
  return new Promise((resolve, reject) => {
    request.once('error', reject)
    request.once('response', (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > mostBytes)
          request.destroy(new Error(`${endpoint} answered with more than ${mostBytes} bytes`))
        else chunks.push(chunk)
      })
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 502, body: Buffer.concat(chunks).toString() })
      )
    })
    request.end()
  })
}
