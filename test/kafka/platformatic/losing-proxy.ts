import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** `request`: the broker never sees it. `answer`: the broker has acted, the client never hears. */
export type Loss = 'request' | 'answer'

/** Between a client and the broker; loses what it is told to, together with the connection. */
export class LosingProxy {
  readonly #server: Server
  readonly #losses: { readonly apiKey: number; readonly loss: Loss }[] = []
  readonly #sockets = new Set<Socket>()
  #broker = 0
  #lost = 0
  readonly #seen = new Map<string, number>()

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (client) => this.#serve(client))
  }

  static async start(): Promise<LosingProxy> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new LosingProxy(server)
  }

  /** The settings that make a broker send its clients here. */
  get settings(): Record<string, string> {
    return { 'advertised.listeners': `CLIENT://${this.address}` }
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** How many were lost so far. */
  get lost(): number {
    return this.#lost
  }

  /** How many requests of that kind and version came by. */
  seen({ key, version }: { readonly key: number; readonly version: number }): number {
    return this.#seen.get(`${key} ${version}`) ?? 0
  }

  forwardTo(address: string): void {
    this.#broker = Number(address.split(':')[1])
  }

  /** The next request of that kind, and as many after it. */
  lose(apiKey: number, loss: Loss, times = 1): void {
    for (let i = 0; i < times; i++) this.#losses.push({ apiKey, loss })
  }

  /** Loses nothing more. */
  keep(): void {
    this.#losses.length = 0
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(client: Socket): void {
    const broker = connect(this.#broker, '127.0.0.1')
    let doomed = false
    const end = () => {
      client.destroy()
      broker.destroy()
    }
    for (const socket of [client, broker]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        end()
      })
    }
    eachFrame(client, (frame) => {
      const kind = `${frame.readInt16BE(4)} ${frame.readInt16BE(6)}`
      this.#seen.set(kind, (this.#seen.get(kind) ?? 0) + 1)
      const at = this.#losses.findIndex(({ apiKey }) => apiKey === frame.readInt16BE(4))
      const loss = this.#losses[at]?.loss
      if (at >= 0) {
        this.#losses.splice(at, 1)
        this.#lost++
      }
      if (loss === 'request') end()
      else {
        doomed ||= loss === 'answer'
        broker.write(frame)
      }
    })
    eachFrame(broker, (frame) => {
      if (doomed) end()
      else client.write(frame)
    })
  }
}

/** Whole requests or answers, with the int32 length in front of each. */
function eachFrame(socket: Socket, take: (frame: Buffer) => void): void {
  let held = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    held = Buffer.concat([held, data])
    while (held.length >= 4) {
      const length = 4 + held.readInt32BE(0)
      if (held.length < length) return
      const frame = held.subarray(0, length)
      held = held.subarray(length)
      take(frame)
    }
  })
}
