import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { StreamsBuilder, string, topic } from '../../index.ts'
import { MemoryApp } from './memory-app.ts'

const lines = topic('lines', { key: string(), value: string(), partitions: 1 })
const shouted = topic('shouted', { key: string(), value: string(), partitions: 1 })
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const headers = [{ key: 'traceparent', value: Buffer.from(`00-${traceId}-${spanId}-01`) }]

let app: MemoryApp
let exporter: InMemorySpanExporter
let provider: BasicTracerProvider

beforeEach(async () => {
  app = await MemoryApp.create()
  exporter = new InMemorySpanExporter()
  provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
})

afterEach(async () => {
  await app.dispose()
  await provider.shutdown()
})

function graph(mapper = (text: string) => text.toUpperCase()) {
  const builder = new StreamsBuilder()
  builder.stream(lines).mapValues(mapper).to(shouted)
  return builder.build()
}

const named = (name: string) => exporter.getFinishedSpans().filter((span) => span.name === name)

it('tells OpenTelemetry of batches, with the context of their first record, and of commits', async () => {
  await app.write(lines, [
    { key: 'a', value: 'one', timestamp: 1, headers },
    { key: 'b', value: 'two', timestamp: 2 },
    { key: 'c', value: 'three', timestamp: 3 }
  ])
  const streams = await app.start(graph(), { tracer: provider.getTracer('test') })
  await app.caughtUp(streams)
  await streams.close()

  const batches = named('process 0_0')
  expect(batches[0]).toMatchObject({
    kind: SpanKind.CONSUMER,
    links: [{ context: { traceId, spanId, traceFlags: 1, isRemote: true } }],
    attributes: { 'messaging.system': 'kafka', 'messaging.consumer.group.name': 'app' }
  })
  const counts = batches.map(({ attributes }) => Number(attributes['messaging.batch.message_count']))
  expect(counts.reduce((sum, count) => sum + count)).toBe(3)
  expect(named('commit').length).toBeGreaterThan(0)
  expect(app.read(shouted).map((record) => record.headers)).toEqual([headers, [], []])
})

it('says in which batch a step failed; a context that is none is passed over', async () => {
  const broken = [{ key: 'traceparent', value: Buffer.from('00-short-01') }]
  await app.write(lines, [{ key: 'a', value: 'one', timestamp: 1, headers: broken }])
  const fail = (): string => {
    throw new Error('no')
  }
  const streams = await app.start(graph(fail), { tracer: provider.getTracer('test') })
  await expect(streams.finished).rejects.toThrow('no')

  const [batch] = named('process 0_0')
  expect(batch?.status).toMatchObject({ code: SpanStatusCode.ERROR, message: expect.stringContaining('no') })
  expect(batch?.links).toEqual([])
})
