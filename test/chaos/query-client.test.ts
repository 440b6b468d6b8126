import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { newTally, QueryClient } from './query-client.ts'

let server: Server
afterEach(() => {
  server.close()
})

async function portOf(listener: RequestListener): Promise<number> {
  server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

it('takes silence for wrong, unless the replica was away when it was asked or is when it fails', async () => {
  const client = new QueryClient(newTally())
  let away = false
  let leaves = false
  const port = await portOf((request) => {
    if (leaves) away = !away
    request.socket.destroy()
  })
  const bounds = { atLeast: 0, atMost: () => 1, maySilent: () => away }
  expect(await client.ask(port, 3, false, bounds)).toBeUndefined()
  expect(client.tally).toMatchObject({ unreachable: 0, wrong: [expect.stringContaining('a3 Error')] })
  away = true
  await client.ask(port, 3, false, bounds)
  leaves = true
  // from away to back, and from there to away
  await client.ask(port, 3, false, bounds)
  await client.ask(port, 3, false, bounds)
  expect(client.tally).toMatchObject({ unreachable: 3, wrong: { length: 1 } })
  client.close()
})

it('asks once more when a connection was closed while it rested', async () => {
  let answers = 0
  const port = await portOf((request, response) => {
    if (++answers === 2) request.socket.resetAndDestroy()
    else
      response.end(
        JSON.stringify({ role: 'active', entries: [{ value: { count: 1, cents: 0, weighted: 0 } }] })
      )
  })
  const client = new QueryClient(newTally())
  const bounds = { atLeast: 0, atMost: () => 1, maySilent: () => false }
  expect(await client.ask(port, 3, false, bounds)).toBe(1)
  expect(await client.ask(port, 3, false, bounds)).toBe(1)
  expect(answers).toBe(3)
  expect(client.tally.wrong).toEqual([])
  client.close()
})
