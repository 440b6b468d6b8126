import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { PlatformaticClient } from '../../../index.ts'
import { server } from '../../sinks/servers.ts'
import { expectExactCounts } from '../word-counts.ts'
import { readCounts, writeWords } from '../word-traffic.ts'

it('a main thread that is stuck is told, with its task and record, and leaves the group; then it goes on', async () => {
  const prefix = `stuck-${Date.now().toString(36)}-`
  const brokers = server('KAFKA_BROKERS')
  const client = new PlatformaticClient({ brokers: brokers.split(',') })
  const stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-stuck-'))
  const written = await writeWords(client, prefix, 5)
  const program = new URL('./stuck-process.ts', import.meta.url)
  const child = fork(program, [brokers, prefix, stateDirectory, '8000'], { silent: true })
  try {
    let told = ''
    const logged: unknown[] = []
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      told += text
    })
    child.on('message', (text) => logged.push(text))
    const [code] = await once(child, 'exit')
    expect(code, told).toBe(0)
    expect(told).toMatch(/thread 1 has been stuck for 1000 ms: task 0_\d is at stuck-\S+-words-\d offset 0/)
    expect(told).toContain('its member has left the group')
    // heard once it could hear
    expect(logged.join('\n')).toMatch(/stuck for 1000 ms.*it goes on now/)
    expectExactCounts(await readCounts(client, prefix), written)
  } finally {
    child.kill('SIGKILL')
    await rm(stateDirectory, { recursive: true, force: true })
  }
}, 90_000)
