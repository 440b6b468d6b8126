import { expect, it } from 'vitest'
import { string, topic } from '../../index.ts'
import { driverOf } from './driver.ts'
import { errorHandlers, sales, unitPrice, unitPrices } from './error-handling.ts'

it('what cannot be read or divided is set aside with the reason, and the others go on', () => {
  const driver = driverOf(unitPrice, errorHandlers)
  driver.pipe(topic('sales', { key: string(), value: string() }), { key: 'a', value: '{"units":1}' })
  driver.pipe(sales, { key: 'b', value: { units: 3, cents: 100 } })
  driver.pipe(sales, { key: 'c', value: { units: 4, cents: 100 } })
  expect(driver.read(unitPrices)).toHaveRecords([{ key: 'c', value: 25 }])
  expect(driver.deadLetters()).toHaveRecords([
    {
      topic: 'sales',
      offset: 0,
      key: Buffer.from('a'),
      value: Buffer.from('{"units":1}'),
      exception: 'StreamsError.DESERIALIZATION'
    },
    { topic: 'sales', offset: 1, key: Buffer.from('b'), message: '100 cents are no whole cents for 3 units' }
  ])
  expect(driver.dropped('processing')).toBe(1)
})

it('an error that the handler does not know ends the application', () => {
  const driver = driverOf((builder) => {
    builder.stream(sales).foreach(() => {
      throw new TypeError('a mistake')
    })
  }, errorHandlers)
  expect(() => driver.pipe(sales, { key: 'a', value: { units: 1, cents: 1 } })).toThrow(
    'sales-0 at offset 0: a mistake'
  )
})
