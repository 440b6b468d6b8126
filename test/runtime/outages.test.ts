import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { StreamsBuilder, StreamsError, string, topic } from '../../index.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import { MemoryApp } from './memory-app.ts'

const input = topic('input', { key: string(), value: string(), partitions: 1 })

/** A client whose next `outages` heartbeats find the brokers away. */
class FlakyClient extends MemoryClient {
  outages = 0

  override group(...args: Parameters<MemoryClient['group']>): ReturnType<MemoryClient['group']> {
    const group = super.group(...args)
    const check = group.check.bind(group)
    group.check = () => {
      if (this.outages === 0) return check()
      this.outages--
      throw new StreamsError('BROKER_UNAVAILABLE', 'an outage')
    }
    return group
  }
}

it('a process that has standbys only outlives outages that are days apart', async () => {
  const app = await MemoryApp.create()
  const stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-outages-'))
  const now = performance.now.bind(performance)
  let later = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + later)
  try {
    await app.write(input, [{ key: 'k', value: 'v', timestamp: 0 }])
    const builder = new StreamsBuilder()
    builder.table(input, { name: 'latest' })
    const topology = builder.build()
    const config = { numStandbyReplicas: 1, heartbeatIntervalMs: 20, taskTimeoutMs: 1000 }
    const one = await app.start(topology, config)
    await app.caughtUp(one)
    const kafka = new FlakyClient(app.broker)
    const other = await app.start(topology, { ...config, kafka, stateDirectory })
    const follows = () => other.tasks().some(({ role, lag }) => role === 'standby' && lag === 0)
    await app.until(other, follows)
    for (let outage = 0; outage < 12; outage++) {
      kafka.outages = 1
      await app.until(other, () => kafka.outages === 0 && !follows())
      await app.until(other, follows)
      later += 86_400_000
    }
    expect(other.state).toBe('RUNNING')
  } finally {
    clock.mockRestore()
    await app.dispose()
    await rm(stateDirectory, { recursive: true, force: true })
  }
})
