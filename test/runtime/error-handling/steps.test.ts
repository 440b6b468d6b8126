import { describe, expect, it } from 'vitest'
import {
  type ErrorHandlerContext,
  type ErrorResponse,
  integer,
  type Processor,
  type StreamsBuilder,
  StreamsError,
  string,
  topic
} from '../../../index.ts'
import { beside, driverOf, good, header, out, type Sale, sales } from './fixture.ts'

const counts = topic('counts', { key: string(), value: integer() })

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
