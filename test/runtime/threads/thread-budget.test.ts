import { expect, it } from 'vitest'
import { MemoryApp } from '../memory-app.ts'
import { cacheMaxBytes, input, largeChangeGraph } from './large-change-graph.ts'

it('a callback in one of two threads may change as much as half the write buffers of the process hold', async () => {
  const app = await MemoryApp.create()
  try {
    await app.write(input, [])
    const streams = await app.start(largeChangeGraph(), {
      threads: 2,
      threadModule: { url: new URL('./large-change-graph.ts', import.meta.url) },
      cacheMaxBytes
    })
    await expect(streams.finished).rejects.toMatchObject({
      code: 'BUFFER_OVERFLOW',
      message: expect.stringContaining(`or ${cacheMaxBytes / 2} with the thread's others`)
    })
  } finally {
    await app.dispose()
  }
})
