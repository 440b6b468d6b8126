import type { Socket } from 'node:net'

/** What goes over a socket, after encryption if there is one. */
export class Traffic {
  #sent = 0
  #received = 0

  /** Bytes since the last call. */
  take({ bytesWritten, bytesRead }: Pick<Socket, 'bytesWritten' | 'bytesRead'>): {
    readonly sent: number
    readonly received: number
  } {
    const sent = bytesWritten - this.#sent
    const received = bytesRead - this.#received
    this.#sent = bytesWritten
    this.#received = bytesRead
    return { sent, received }
  }
}
