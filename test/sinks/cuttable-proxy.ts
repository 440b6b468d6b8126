import { connect, createServer, type Server, type Socket } from 'node:net'

type Recognise = (sent: Buffer) => boolean

/** Stands between clients and a server, and can be cut and joined again: a server that is down, without stopping one. */
export class CuttableProxy {
  readonly #target: { readonly host: string; readonly port: number }
  readonly #sockets = new Set<Socket>()
  readonly #thawed = new Set<() => void>()
  #server: Server | undefined
  #port = 0
  #freeze: { readonly at: Recognise; readonly reached: () => void } | undefined
  /** Called with each piece a client sends; returning true cuts the line instead of passing it on. */
  cutBefore: Recognise | undefined
  /** The same, but it is passed on, and the line cut when the server answers. */
  cutAnswerTo: Recognise | undefined

  constructor(target: URL, defaultPort: number) {
    this.#target = { host: target.hostname, port: Number(target.port || defaultPort) }
  }

  get port(): number {
    return this.#port
  }

  async join(): Promise<void> {
    const server = createServer((client) => this.#serve(client))
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve))
    const address = server.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
    this.#server = server
  }

  async cut(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    const closed = server && new Promise((resolve) => server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Holds back that piece and all that follows it on its line. Resolves when it came. */
  freezeBefore(at: Recognise): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#freeze = { at, reached: resolve }
    return promise
  }

  thaw(): void {
    for (const passOn of this.#thawed) passOn()
    this.#thawed.clear()
  }

  #serve(client: Socket): void {
    const server = connect(this.#target.port, this.#target.host)
    let cutAtAnswer = false
    const end = (): void => {
      client.destroy()
      server.destroy()
    }
    client.on('data', (bytes) => {
      if (this.cutBefore?.(bytes) === true) return end()
      if (this.cutAnswerTo?.(bytes) === true) cutAtAnswer = true
      if (this.#freeze?.at(bytes) === true) {
        this.#freeze.reached()
        this.#freeze = undefined
        client.pause()
        this.#thawed.add(() => {
          server.write(bytes)
          client.resume()
        })
        return
      }
      server.write(bytes)
    })
    server.on('data', (bytes) => {
      if (cutAtAnswer) end()
      else client.write(bytes)
    })
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        end()
      })
    }
  }
}
