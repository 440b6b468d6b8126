import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  bytes,
  type ErrorHandlerContext,
  type ErrorResponse,
  integer,
  json,
  type Processor,
  type Serde,
  StreamsBuilder,
  StreamsError,
  silentLogger,
  string,
  topic
} from '../../index.ts'
import { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import { failingHandlers } from '../../runtime/task/error-handlers.ts'
import { ErrorHandling } from '../../runtime/task/error-handling.ts'
import { type TestDriverOptions, TopologyTestDriver } from '../../testing.ts'
import { batchOf, whole } from '../kafka/plain-records.ts'

const Sale = z.object({ sku: z.string(), qty: z.int() })
type Sale = z.infer<typeof Sale>

const sales = topic('sales', { key: string(), value: json(Sale) })
const rawSales = topic('sales', { key: bytes(), value: bytes() })
const out = topic('out', { key: string(), value: json(Sale) })
const beside = topic('beside', { key: string(), value: json(Sale) })
const counts = topic('counts', { key: string(), value: integer() })
/** Writes small numbers only. */
const smallOnly: Serde<number> = {
  ...integer(),
  encode(value, target, at) {
    if (value > 9) throw new RangeError(`${value} is not small`)
    return integer().encode(value, target, at)
  }
}

const header = { key: 'h', value: Buffer.from('1') }
const good: Sale = { sku: 's', qty: 1 }

function driverOf(
  declare: (builder: StreamsBuilder) => void,
  options?: TestDriverOptions
): TopologyTestDriver {
  const builder = new StreamsBuilder()
  declare(builder)
  return new TopologyTestDriver(builder.build(), options)
}

/** Text that is no sale, at offset 0. */
function pipeRaw(driver: TopologyTestDriver, text: string): void {
  const key = Buffer.from('k')
  driver.pipe(rawSales, { key, value: Buffer.from(text), timestamp: 5, headers: [header] })
}

function headersOf(driver: TopologyTestDriver): Record<string, string | undefined> {
  const [letter] = driver.deadLetters()
  return Object.fromEntries((letter?.headers ?? []).map(({ key, value }) => [key, value?.toString()]))
}

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

describe('steps that throw', () => {
  /** Copies, and beside it throws for quantities above 9. */
  const failing = (builder: StreamsBuilder) => {
    const stream = builder.stream(sales)
    const checked = stream.mapValues((sale) => {
      if (sale.qty > 9) throw new RangeError(`${sale.qty} is too many`)
      return sale
    })
    checked.to(out)
    stream.to(beside)
  }
  const many: Sale = { sku: 's', qty: 10 }

  it('fail by default, with the record and the cause named', () => {
    const driver = driverOf(failing)
    expect(() => driver.pipe(sales, { key: 'k', value: many })).toThrow(
      expect.objectContaining({
        code: 'PROCESSOR_FAILED',
        message: 'sales-0 at offset 0: 10 is too many',
        cause: expect.any(RangeError)
      })
    )
  })

  it('lose that record under continue; the steps beside get it, as in Kafka Streams', () => {
    const driver = driverOf(failing, { processingExceptionHandler: 'continue' })
    driver.pipe(sales, { key: 'k', value: many })
    driver.pipe(sales, { key: 'k', value: good })
    expect(driver.read(out).map(({ value }) => value)).toEqual([good])
    expect(driver.read(beside).map(({ value }) => value)).toEqual([many, good])
    expect(driver.dropped('processing')).toBe(1)
  })

  it('make a dead letter of the source record, however far the step is from it', () => {
    const driver = driverOf(
      (builder) =>
        builder
          .stream(sales)
          .map((sale, key) => [`${key}!`, sale.qty])
          .peek((qty) => {
            if (qty > 9) throw new TypeError('too many')
          })
          .to(counts),
      { processingExceptionHandler: 'dead-letter', deadLetterTopic: 'bad-sales' }
    )
    driver.pipe(sales, { key: 'k', value: many, timestamp: 3, headers: [header] })
    expect(driver.deadLetters()).toMatchObject([
      { topic: 'sales', partition: 0, offset: 0, timestamp: 3, exception: 'TypeError', message: 'too many' }
    ])
    expect(JSON.parse(String(driver.deadLetters()[0]?.value))).toEqual(many)
    expect(driver.readBytes('bad-sales')).toHaveLength(1)
  })

  it('ask the handler with the record that came to the step, and where it was', () => {
    const asked: unknown[] = []
    const driver = driverOf(
      (builder) =>
        builder
          .stream(sales)
          .map((sale, key) => [`${key}!`, sale.qty])
          .foreach(() => {
            throw new Error('never')
          }),
      {
        processingExceptionHandler: (context, error, record) => {
          asked.push([context, error.message, record])
          return { deadLetter: { value: Buffer.from('mine'), headers: [{ key: 'x', value: null }] } }
        }
      }
    )
    driver.pipe(sales, { key: 'k', value: good, timestamp: 3, headers: [header] })
    const context: ErrorHandlerContext = {
      topic: 'sales',
      partition: 0,
      offset: 0,
      headers: [header],
      timestamp: 3,
      processorNodeId: expect.stringMatching(/foreach/),
      taskId: '0_0',
      sourceRawKey: Buffer.from('k'),
      sourceRawValue: Buffer.from(JSON.stringify(good))
    }
    const record = { key: 'k!', value: 1, timestamp: 3, headers: [header] }
    expect(asked).toEqual([[context, 'never', record]])
    const [letter] = driver.deadLetters()
    expect(letter?.value?.toString()).toBe('mine')
    expect(letter?.key?.toString()).toBe('k')
    expect(letter?.headers.at(-1)).toEqual({ key: 'x', value: null })
  })

  it.each([0, undefined])('of a table, with a cache or (%s) without', (cacheMaxBytes) => {
    const driver = driverOf(
      (builder) => {
        const table = builder.stream(sales).groupByKey().count({ name: 'c' })
        table
          .mapValues((count) => {
            if (count === 2) throw new Error('two')
            return count
          })
          .toStream()
          .to(counts)
        table.toStream().to(topic('all', counts))
      },
      {
        processingExceptionHandler: 'dead-letter',
        ...(cacheMaxBytes === undefined ? {} : { cacheMaxBytes })
      }
    )
    for (let n = 0; n < 3; n++) driver.pipe(sales, { key: 'k', value: good })
    expect(driver.read(counts).map(({ value }) => value)).toEqual([1, 3])
    expect(driver.read(topic('all', counts)).map(({ value }) => value)).toEqual([1, 2, 3])
    expect(driver.keyValueStore('c').get('k')).toBe(3)
    // what leaves a cache at a commit has no one record that it came from
    const offset = cacheMaxBytes === 0 ? 1 : -1
    expect(driver.deadLetters()).toMatchObject([{ message: 'two', offset }])
  })

  it('keep what they forwarded and stored before they threw', () => {
    const driver = driverOf(
      (builder) =>
        builder
          .stream(sales)
          .process(
            (): Processor<string, Sale, string, Sale> => ({
              process(record, context) {
                context.forward(record)
                throw new Error('after the first')
              }
            })
          )
          .to(out),
      { processingExceptionHandler: 'continue' }
    )
    driver.pipe(sales, { key: 'k', value: good })
    expect(driver.read(out)).toHaveLength(1)
    expect(driver.dropped('processing')).toBe(1)
  })

  it('may be punctuators: the handler gets no record, the dead letter no bytes', () => {
    const asked: unknown[] = []
    const driver = driverOf(
      (builder) =>
        builder.stream(sales).process(
          (): Processor<string, Sale, string, Sale> => ({
            init: (context) =>
              void context.schedule(100, 'wall-clock', () => {
                throw new Error('no tick')
              }),
            process() {}
          })
        ),
      {
        processingExceptionHandler: (context, _error, record): ErrorResponse => {
          asked.push([context.topic, context.offset, context.processorNodeId, record])
          return 'dead-letter'
        }
      }
    )
    driver.pipe(sales, { key: 'k', value: good })
    driver.advanceWallClock(100)
    expect(asked).toEqual([[undefined, -1, expect.stringMatching(/process/), undefined]])
    expect(driver.deadLetters()).toMatchObject([
      {
        key: null,
        value: null,
        topic: undefined,
        partition: -1,
        offset: -1,
        timestamp: 100,
        message: 'no tick'
      }
    ])
  })

  it('that are punctuators fail by default, with the task named', () => {
    const driver = driverOf((builder) =>
      builder.stream(sales).process(
        (): Processor<string, Sale, string, Sale> => ({
          init: (context) =>
            void context.schedule(100, 'wall-clock', () => {
              throw new Error('no tick')
            }),
          process() {}
        })
      )
    )
    expect(() => driver.advanceWallClock(100)).toThrow(
      expect.objectContaining({ code: 'PROCESSOR_FAILED', message: 'task 0_0: no tick' })
    )
  })

  it.each([
    ['a promise', async (sale: Sale) => sale, 'ASYNC_FUNCTION'],
    [
      'a failure of the system',
      () => {
        throw new StreamsError('STORE_FAILED', 'disk')
      },
      'STORE_FAILED'
    ]
  ])('with %s ask no handler', (_what, mapper, code) => {
    const asked: unknown[] = []
    const driver = driverOf((builder) => builder.stream(sales).mapValues(mapper), {
      processingExceptionHandler: (context) => {
        asked.push(context)
        return 'continue'
      }
    })
    expect(() => driver.pipe(sales, { key: 'k', value: good })).toThrow(expect.objectContaining({ code }))
    expect(asked).toEqual([])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('sic')
      },
      /processing handler threw: sic; it was asked about: 10 is/
    ],
    ['answers nonsense', () => 'yes', /processing handler must return/],
    ['is asynchronous', async () => 'continue', /processing handler returned a promise/],
    ['says fail', () => 'fail', /^sales-0 at offset 0: 10 is too many$/]
  ])('end the application when the handler %s', (_what, handler, message) => {
    const driver = driverOf(failing, { processingExceptionHandler: handler as () => 'fail' })
    expect(() => driver.pipe(sales, { key: 'k', value: many })).toThrow(message)
    expect(driver.read(beside)).toEqual([])
  })
})

describe('records that cannot be written', () => {
  const quantities = topic('quantities', { key: string(), value: smallOnly })
  const writing = (builder: StreamsBuilder) => {
    const stream = builder.stream(sales)
    stream.mapValues(({ qty }) => qty).to(quantities)
    stream.to(beside)
  }
  const many: Sale = { sku: 's', qty: 10 }

  it('fail by default', () => {
    expect(() => driverOf(writing).pipe(sales, { key: 'k', value: many })).toThrow(
      'sales-0 at offset 0: 10 is not small'
    )
  })

  it('are dropped and counted under continue', () => {
    const driver = driverOf(writing, { productionExceptionHandler: 'continue' })
    driver.pipe(sales, { key: 'k', value: many })
    driver.pipe(sales, { key: 'k', value: good })
    expect(driver.read(quantities).map(({ value }) => value)).toEqual([1])
    expect(driver.read(beside)).toHaveLength(2)
    expect(driver.dropped('production')).toBe(1)
  })

  it('make a dead letter of their source record', () => {
    const driver = driverOf(writing, { productionExceptionHandler: 'dead-letter' })
    driver.pipe(sales, { key: 'k', value: many })
    expect(driver.deadLetters()).toMatchObject([{ exception: 'RangeError', topic: 'sales', offset: 0 }])
    expect(JSON.parse(String(driver.deadLetters()[0]?.value))).toEqual(many)
  })

  it('are shown to the handler with their topic, and to it alone', () => {
    const asked: unknown[] = []
    const driver = driverOf(writing, {
      processingExceptionHandler: 'continue',
      productionExceptionHandler: (context, error, record) => {
        asked.push([context.processorNodeId, error.message, record])
        return 'fail'
      }
    })
    expect(() => driver.pipe(sales, { key: 'k', value: many, timestamp: 3 })).toThrow(/not small/)
    const record = { topic: 'quantities', key: 'k', value: 10, timestamp: 3, headers: [] }
    expect(asked).toEqual([['to-quantities', '10 is not small', record]])
    expect(driver.dropped('processing')).toBe(0)
  })

  it('are those that are too large, found before they are batched', () => {
    const texts = topic('texts', { key: string(), value: string() })
    const driver = driverOf(
      (builder) =>
        builder
          .stream(sales)
          .mapValues(({ qty }) => 'x'.repeat(qty))
          .to(texts),
      { productionExceptionHandler: 'dead-letter' }
    )
    driver.pipe(sales, { key: 'k', value: { sku: 's', qty: 2_000_000 } })
    driver.pipe(sales, { key: 'k', value: { sku: 's', qty: 2 } })
    expect(driver.read(texts).map(({ value }) => value)).toEqual(['xx'])
    expect(driver.deadLetters()).toMatchObject([
      { exception: 'StreamsError.RECORD_TOO_LARGE', topic: 'sales', offset: 0 }
    ])
  })

  it('are those of repartition topics, too', () => {
    const driver = driverOf(
      (builder) =>
        builder
          .stream(sales)
          .mapValues(({ qty }) => qty)
          .groupBy(() => 'all', { name: 'all', key: string(), value: smallOnly })
          .count({ name: 'c' })
          .toStream()
          .to(counts),
      { productionExceptionHandler: 'continue' }
    )
    driver.pipe(sales, { key: 'k', value: many })
    driver.pipe(sales, { key: 'k', value: good })
    expect(driver.read(counts).map(({ value }) => value)).toEqual([1])
  })

  it('a changelog that refuses a record is no matter for handlers: the store would not be what it says', () => {
    const driver = driverOf(
      (builder) =>
        builder
          .stream(sales)
          .groupByKey()
          .aggregate({
            name: 'a',
            initial: () => '',
            add: ({ qty }) => 'x'.repeat(qty),
            value: string(),
            cached: false
          }),
      { productionExceptionHandler: 'continue', processingExceptionHandler: 'continue' }
    )
    expect(() => driver.pipe(sales, { key: 'k', value: { sku: 's', qty: 2_000_000 } })).toThrow(
      expect.objectContaining({
        code: 'RECORD_TOO_LARGE',
        message: expect.stringMatching(/^sales-0 at offset 0: /)
      })
    )
  })
})

describe('dead letters', () => {
  it('that are too large with their reason say where their record is', () => {
    const texts = topic('sales', { key: string(), value: string() })
    const driver = driverOf(
      (builder) =>
        builder.stream(texts).foreach(() => {
          throw new Error('never')
        }),
      { processingExceptionHandler: 'dead-letter' }
    )
    // fits into a record by itself, but not with the headers
    driver.pipe(texts, { key: 'k', value: 'x'.repeat(1024 * 1024 - 100) })
    expect(driver.deadLetters()).toMatchObject([
      { key: null, value: null, topic: 'sales', partition: 0, offset: 0, message: 'never' }
    ])
    expect(headersOf(driver)).toHaveProperty(['__streams.errors.left.out'])
  })

  it('have what is said of them cut to a bound', () => {
    const driver = driverOf(
      (builder) =>
        builder.stream(sales).foreach(() => {
          throw new Error('x'.repeat(100_000))
        }),
      { processingExceptionHandler: 'dead-letter' }
    )
    driver.pipe(sales, { key: 'k', value: good })
    expect(driver.deadLetters()[0]?.message).toHaveLength(1000)
    expect(driver.deadLetters()[0]?.stacktrace).toHaveLength(8000)
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
