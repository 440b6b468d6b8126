import { connect, createServer, type Server, type Socket } from 'node:net'

/** Stands between a client and a server, and can be cut and joined again: a server that is down, without stopping one. */
export class CuttableProxy {
  readonly #target: { readonly host: string; readonly port: number }
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0
  /** Called with each piece the client sends; returning true cuts the line instead of passing it on. */
  cutBefore: ((sent: Buffer) => boolean) | undefined
  /** The same for what the server answers. */
  cutAnswer: ((answered: Buffer) => boolean) | undefined

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

  #serve(client: Socket): void {
    const server = connect(this.#target.port, this.#target.host)
    this.#pass(client, server, () => this.cutBefore)
    this.#pass(server, client, () => this.cutAnswer)
  }

  #pass(from: Socket, to: Socket, cutter: () => ((bytes: Buffer) => boolean) | undefined): void {
    this.#sockets.add(from)
    from.on('data', (bytes) => {
      if (cutter()?.(bytes) === true) {
        from.destroy()
        to.destroy()
      } else to.write(bytes)
    })
    from.on('error', () => to.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
  }
}
