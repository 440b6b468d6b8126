import { connect, createServer } from 'node:net'

// Below the ports that systems hand out to outgoing connections: one of those would otherwise sit on a
// stopped service's port when it is started again.
const lowest = 15_000
const highest = 32_000

/** Ports given out by this process, which may not be listening yet. */
const given = new Set<number>()

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** The preferred port when nobody holds it, so that a service keeps its address; else any free one. */
export async function choosePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) {
    given.add(preferred)
    return preferred
  }
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (!given.has(port) && (await isFree(port))) {
      given.add(port)
      return port
    }
  }
  throw new Error(`no free port between ${lowest} and ${highest}`)
}

/** Resolves when something listens on the port, rejects otherwise. */
export function accepts(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 2_000 })
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('timeout', () => socket.destroy(new Error(`${host}:${port} does not answer`)))
    socket.once('error', reject)
  })
}
