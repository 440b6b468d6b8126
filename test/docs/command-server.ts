import { createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { runCommand } from '../bin/run-command.ts'

/*
 * Runs command lines of store-sku for its clients (command-client.ts), so that their modules are loaded once and not for each line of a
 * script. A request is the arguments as JSON; the answer is what the command printed, and its exit code.
 *
 *   node test/docs/command-server.ts SOCKET
 */

async function answer(socket: Socket): Promise<void> {
  const args = JSON.parse(await text(socket)) as string[]
  socket.end(JSON.stringify(await runCommand(...args)))
}

const server = createServer({ allowHalfOpen: true }, (socket) => {
  // a client that is gone wants no answer
  socket.on('error', () => undefined)
  answer(socket).catch((error: unknown) => socket.destroy(error as Error))
})
server.listen(process.argv[2])
