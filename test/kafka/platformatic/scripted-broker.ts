import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Address } from '../../../kafka/platformatic/connections.ts'

/** A request as a scripted broker got it. */
export interface Asked {
  readonly api: number
  readonly correlationId: number
  /** Which of its connections it came by, from 0 on. */
  readonly connection: number
  readonly answer: (body: Buffer) => void
  readonly socket: Socket
}

const apiVersionsKey = 18

/*
 * ApiVersions answer v3: int32 correlation id | int16 error | compact array (int16 key, int16 min, int16 max, tags) | int32 throttle | tags
 *
 * Any request: int32 length | int16 key | int16 version | int32 correlation id | ...; any flexible answer: int32 length |
 * int32 correlation id | tags | body
 */

/** Says that it is a broker, and leaves the rest to the test. */
export class ScriptedBroker {
  readonly asked: Asked[] = []
  connections = 0
  readonly #server: Server
  readonly #open = new Set<Socket>()

  private constructor(onRequest: (asked: Asked) => void, onConnect: (socket: Socket) => boolean) {
    this.#server = createServer((socket) => {
      const connection = this.connections++
      this.#open.add(socket)
      socket.on('close', () => this.#open.delete(socket))
      socket.on('error', () => undefined)
      if (onConnect(socket)) this.#serve(socket, connection, onRequest)
      else socket.resume()
    })
  }

  /** `onConnect` returns false to be given no requests. */
  static async start(
    onRequest: (asked: Asked) => void = () => undefined,
    onConnect: (socket: Socket) => boolean = () => true
  ): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker(onRequest, onConnect)
    broker.#server.listen(0, '127.0.0.1')
    await once(broker.#server, 'listening')
    return broker
  }

  get address(): Address {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port }
  }

  /** Connections that the client has not closed. */
  get open(): number {
    return this.#open.size
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(socket: Socket, connection: number, onRequest: (asked: Asked) => void): void {
    let received = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 12 && received.length >= 4 + received.readInt32BE(0)) {
        const api = received.readInt16BE(4)
        const correlationId = received.readInt32BE(8)
        received = received.subarray(4 + received.readInt32BE(0))
        const answer = (body: Buffer): void => {
          socket.write(frame(correlationId, Buffer.concat([Buffer.from([0]), body])))
        }
        if (api === apiVersionsKey) socket.write(frame(correlationId, versions()))
        else {
          const asked = { api, correlationId, connection, answer, socket }
          this.asked.push(asked)
          onRequest(asked)
        }
      }
    })
  }
}

export function frame(correlationId: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeInt32BE(4 + body.length, 0)
  head.writeInt32BE(correlationId, 4)
  return Buffer.concat([head, body])
}

/** Every request, in every version. */
function versions(): Buffer {
  const count = 90
  const body = Buffer.alloc(2 + 1 + count * 7 + 4 + 1)
  body.writeUInt8(count + 1, 2)
  for (let key = 0; key < count; key++) {
    body.writeInt16BE(key, 3 + key * 7)
    body.writeInt16BE(20, 3 + key * 7 + 4)
  }
  return body
}
