import { describe, expect, it } from 'vitest'
import {
  type Processor,
  type Serde,
  type StreamsBuilder,
  StreamsError,
  silentLogger,
  string,
  topic
} from '../../../index.ts'
import { RecordCursor } from '../../../kafka/batch/record-cursor.ts'
import { failingHandlers } from '../../../runtime/task/error-handlers.ts'
import { ErrorHandling } from '../../../runtime/task/error-handling.ts'
import { batchOf, whole } from '../../kafka/plain-records.ts'
import { driverOf, good, headersOf, out, pipeRaw, rawSales, type Sale, sales } from './fixture.ts'

describe('records that cannot be read', () => {
  const copy = (builder: StreamsBuilder) => builder.stream(sales).to(out)

  it('fail by default, named with topic, partition and offset', () => {
    const driver = driverOf(copy)
    driver.pipe(sales, { key: 'k', value: good })
    expect(() => pipeRaw(driver, 'no json')).toThrow(
      expect.objectContaining({
        code: 'DESERIALIZATION',
        message: expect.stringMatching(/^sales-0 at offset 1: not JSON/)
      })
    )
    expect(driver.deadLetters()).toEqual([])
  })

  it('are dropped and counted under continue, and the next one is read', () => {
    const driver = driverOf(copy, { deserializationExceptionHandler: 'continue' })
    pipeRaw(driver, 'no json')
    driver.pipe(sales, { key: 'k', value: good })
    expect(driver.read(out).map(({ value }) => value)).toEqual([good])
    expect(driver.dropped('deserialization')).toBe(1)
    expect(driver.deadLetters()).toEqual([])
  })

  it('become dead letters: the bytes as they were, with the reason in headers', () => {
    const driver = driverOf(copy, { deserializationExceptionHandler: 'dead-letter' })
    pipeRaw(driver, 'no json')
    expect(driver.read(out)).toEqual([])
    expect(driver.dropped('deserialization')).toBe(1)
    const [letter] = driver.deadLetters()
    expect(letter).toMatchObject({ timestamp: 5, topic: 'sales', partition: 0, offset: 0 })
    expect(letter?.key?.toString()).toBe('k')
    expect(letter?.value?.toString()).toBe('no json')
    expect(headersOf(driver)).toEqual({
      h: '1',
      '__streams.errors.exception': 'StreamsError.DESERIALIZATION',
      '__streams.errors.message': expect.stringMatching(/^not JSON/),
      '__streams.errors.stacktrace': expect.stringMatching(/not JSON.*\n +at /),
      '__streams.errors.topic': 'sales',
      '__streams.errors.partition': '0',
      '__streams.errors.offset': '0'
    })
  })

  it('are those that the schema refuses, too', () => {
    const driver = driverOf(copy, { deserializationExceptionHandler: 'dead-letter' })
    pipeRaw(driver, '{"sku":"s","qty":1.5}')
    expect(driver.deadLetters()[0]?.message).toMatch(/^qty: /)
  })

  it('are those for which a serde throws anything', () => {
    const strange: Serde<string> = {
      ...string(),
      decode() {
        throw 'a text'
      }
    }
    const asked: Error[] = []
    const driver = driverOf((builder) => builder.stream(topic('sales', { key: strange, value: string() })), {
      deserializationExceptionHandler: (_context, error) => {
        asked.push(error)
        return 'continue'
      }
    })
    pipeRaw(driver, 'x')
    expect(asked).toMatchObject([{ code: 'DESERIALIZATION', message: 'a text' }])
  })

  it('do not move stream time', () => {
    const times: number[] = []
    const driver = driverOf(
      (builder) =>
        builder.stream(sales).process(
          (): Processor<string, Sale, string, Sale> => ({
            process: (_record, context) => void times.push(context.streamTime())
          })
        ),
      { deserializationExceptionHandler: 'continue' }
    )
    driver.pipe(rawSales, { key: Buffer.from('k'), value: Buffer.from('-'), timestamp: 1000 })
    driver.pipe(sales, { key: 'k', value: good, timestamp: 5 })
    expect(times).toEqual([5])
  })

  it('are left to the handler where a timestamp extractor would see them', () => {
    const driver = driverOf(
      (builder) =>
        builder.stream(sales, { timestampExtractor: ({ value }) => (value as Sale).qty.valueOf() }).to(out),
      { deserializationExceptionHandler: 'dead-letter' }
    )
    pipeRaw(driver, 'no json')
    pipeRaw(driver, '{}')
    driver.pipe(sales, { key: 'k', value: { sku: 's', qty: 77 } })
    expect(driver.read(out).map(({ timestamp }) => timestamp)).toEqual([77])
    expect(driver.deadLetters().map(({ offset }) => offset)).toEqual([0, 1])
  })

  it('an extractor that throws is a mistake, not a bad record', () => {
    const driver = driverOf(
      (builder) =>
        builder.stream(sales, {
          timestampExtractor: () => {
            throw new Error('no time')
          }
        }),
      { deserializationExceptionHandler: 'continue', processingExceptionHandler: 'continue' }
    )
    expect(() => driver.pipe(sales, { key: 'k', value: good })).toThrow(/extractor of "sales" threw.*no time/)
  })
})

it('a stream of bad records does not fill the log', () => {
  const cursor = new RecordCursor()
  cursor.open(whole(batchOf('a', 'b')))
  cursor.next()
  const messages: string[] = []
  let now = 0
  const dropped: string[] = []
  const errors = new ErrorHandling({
    taskId: '0_0',
    handlers: { ...failingHandlers, deserializationExceptionHandler: 'continue' },
    now: () => now,
    onDropped: (reason) => dropped.push(reason),
    logger: { ...silentLogger, warn: (message) => messages.push(message) }
  })
  for (; now <= 10_000; now += 100)
    errors.deserialization(
      new StreamsError('DESERIALIZATION', 'bad'),
      { topic: 't', partition: 3, cursor },
      'source'
    )
  expect(dropped).toHaveLength(101)
  expect(messages).toEqual([
    't-3 at offset 0: dropped after an error of deserialization in "source": bad',
    't-3 at offset 0: dropped after an error of deserialization in "source": bad; 99 others since the last message'
  ])
})
