import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { brokerCode } from './broker-codes.ts'
import { type Address, type Security, serverName } from './endpoint.ts'

/** For one question to a broker that may be the wrong one to ask. */
const withinMs = 3_000
const longestAnswer = 1_000_000

/*
 * Two questions that any listener may be asked first, with request header version 1 (big-endian, strings with an int16 length):
 *
 *   ApiVersions v0   int32 length | int16 18 | int16 0 | int32 correlation id | int16 client id length = -1
 *   SaslHandshake v1 int32 length | int16 17 | int16 1 | int32 correlation id | int16 -1 | string mechanism
 *
 * and their answers: int32 length | int32 correlation id | int16 error code | ...; SaslHandshake goes on with string[] mechanisms
 */
const apiVersions = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff])
const saslHandshake = Buffer.from([0, 0, 0, 13, 0, 17, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0, 1, 0x3f])

/**
 * Why a listener may have closed the connection without a word: brokers do so when a client speaks TLS to a plaintext port, or the reverse, or
 * goes on without SASL where it is asked for. A broker that is shutting down closes as well, so only what can be proved by asking
 * is told: undefined means that nothing is known to be wrong.
 */
export async function wrongListener(address: Address, security: Security): Promise<string | undefined> {
  const { host, port } = address
  const plain = await ask(connect(port, host), 'connect', apiVersions)
  if (security.tls !== undefined && plain !== undefined)
    return 'this listener speaks plaintext; leave tls out, or name the TLS port'
  // its certificate does not matter: nothing is told to it
  const tls = { ...serverName(host), ...security.tls, rejectUnauthorized: false, port, host }
  if (security.tls === undefined && plain === undefined) {
    const secure = await ask(connectTls(tls), 'secureConnect', apiVersions)
    return secure === undefined ? undefined : 'this listener speaks TLS; set tls, or name the plaintext port'
  }
  if (security.sasl !== undefined) return undefined
  const handshake = await (plain === undefined
    ? ask(connectTls(tls), 'secureConnect', saslHandshake)
    : ask(connect(port, host), 'connect', saslHandshake))
  if (handshake === undefined || handshake.readInt16BE(8) !== brokerCode.unsupportedSaslMechanism)
    return undefined
  return `this listener asks for SASL (${mechanisms(handshake).join(', ')}); set sasl, or name a port without it`
}

/** The whole answer, or undefined: no connection, no answer in time, or not one to this question. */
async function ask(
  socket: Socket,
  ready: 'connect' | 'secureConnect',
  question: Buffer
): Promise<Buffer | undefined> {
  return await new Promise((resolve) => {
    let answer = Buffer.alloc(0)
    const finish = (result: Buffer | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    const timer = setTimeout(() => finish(undefined), withinMs)
    socket.once(ready, () => socket.write(question))
    socket.on('error', () => finish(undefined))
    socket.on('close', () => finish(undefined))
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      if (answer.length < 10) return
      const length = answer.readInt32BE(0)
      if (length < 6 || length > longestAnswer || answer.readInt32BE(4) !== 7) finish(undefined)
      else if (answer.length >= 4 + length) finish(answer)
    })
  })
}

function mechanisms(handshake: Buffer): string[] {
  const names: string[] = []
  let at = 14
  for (let left = handshake.readInt32BE(10); left > 0 && at + 2 <= handshake.length; left--) {
    const end = at + 2 + handshake.readInt16BE(at)
    names.push(handshake.toString('utf8', at + 2, end))
    at = end
  }
  return names
}
