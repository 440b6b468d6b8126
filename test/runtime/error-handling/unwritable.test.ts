import { describe, expect, it } from 'vitest'
import { integer, type Serde, type StreamsBuilder, string, topic } from '../../../index.ts'
import { beside, driverOf, good, headersOf, type Sale, sales } from './fixture.ts'

const counts = topic('counts', { key: string(), value: integer() })
/** Writes small numbers only. */
const smallOnly: Serde<number> = {
  ...integer(),
  encode(value, target, at) {
    if (value > 9) throw new RangeError(`${value} is not small`)
    return integer().encode(value, target, at)
  }
}

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
