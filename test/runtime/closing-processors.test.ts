import { afterEach, beforeEach, expect, it } from 'vitest'
import { StreamsBuilder, string, type Topology, topic } from '../../index.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { MemoryApp } from './memory-app.ts'

const input = topic('input', { key: string(), value: string(), partitions: 1 })
const output = topic('output', { key: string(), value: string(), partitions: 1 })

let app: MemoryApp
let closed: string[]

beforeEach(async () => {
  app = await MemoryApp.create()
  closed = []
})

afterEach(async () => {
  await app.dispose()
})

/** Two steps that fail to close, after a table with a store on disk. */
function graph(): Topology {
  const failing = (name: string) => ({
    close() {
      closed.push(name)
      throw new Error(`${name} does not close`)
    }
  })
  const builder = new StreamsBuilder()
  builder
    .table(input, { name: 'latest' })
    .toStream()
    .process<string, string>(() => ({
      ...failing('one'),
      process(record, context) {
        if (record.value === 'bad') throw new Error('a bad record')
        context.forward(record as typeof record & { value: string })
      }
    }))
    .process<string, string>(() => ({
      ...failing('other'),
      process: (record, context) => context.forward(record)
    }))
    .to(output)
  return builder.build()
}

const warnings = () => app.log.filter((line) => line.startsWith('closing: '))

it('a processor that throws as it is closed keeps nothing else from being closed', async () => {
  await app.write(input, [{ key: 'k', value: 'good', timestamp: 0 }])
  const streams = await app.start(graph())
  await app.caughtUp(streams)
  await streams.close()
  expect(streams.state).toBe('NOT_RUNNING')
  expect(closed).toEqual(['other', 'one'])
  expect(warnings()).toEqual(['closing: other does not close', 'closing: one does not close'])
  // its stores were given back
  const again = await app.start(graph())
  await app.until(again, () => again.state === 'RUNNING')
  await again.close()
})

it('nor does it take the place of the error that ended its task', async () => {
  await app.write(input, [{ key: 'k', value: 'bad', timestamp: 0 }])
  const streams = await app.start(graph())
  await expect(streams.finished).rejects.toMatchObject({
    code: 'PROCESSOR_FAILED',
    message: expect.stringContaining('a bad record')
  })
  expect(closed).toEqual(['other', 'one'])
  const again = await app.start(graph())
  await expect(again.finished).rejects.toMatchObject({ code: 'PROCESSOR_FAILED' })
})

it('a test driver tells what a processor threw, when all are closed', () => {
  const driver = new TopologyTestDriver(graph())
  expect(() => driver.close()).toThrow('other does not close')
  expect(closed).toEqual(['other', 'one'])
})
