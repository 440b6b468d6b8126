import { describe, expect, it } from 'vitest'
import { TopologyTestDriver } from '../../testing.ts'
import { driverOf } from './driver.ts'
import * as processorGraph from './processor-graph.ts'
import * as processors from './processors.ts'

describe('processors', () => {
  const { numbered, sales, silent, watchStores } = processors

  const minute = 60_000

  it('numbers sales, and notices silence as event time goes on', () => {
    const driver = driverOf(watchStores)
    driver.pipe(sales, { key: '7', value: 100, timestamp: 0 })
    driver.pipe(sales, { key: '8', value: 100, timestamp: minute })
    driver.pipe(sales, { key: '8', value: 100, timestamp: 9 * minute })
    expect(driver.read(silent)).toHaveRecords([])
    driver.pipe(sales, { key: '8', value: 200, timestamp: 10 * minute })
    expect(driver.read(silent)).toHaveRecords([{ key: '7', value: 0, timestamp: 10 * minute }])
    expect(driver.read(numbered)).toHaveRecords([
      { value: '#1: 100' },
      { value: '#1: 100' },
      { value: '#2: 100' },
      { value: '#3: 200' }
    ])
  })
})

describe('a graph of processors', () => {
  const { arrivals, departures, movements, sortMovements } = processorGraph

  it('forwards to the child that is named', () => {
    const driver = new TopologyTestDriver(sortMovements())
    driver.pipe(movements, { key: 'tea', value: 12 })
    driver.pipe(movements, { key: 'tea', value: -5 })
    expect(driver.read(arrivals)).toHaveRecords([{ key: 'tea', value: 12 }])
    expect(driver.read(departures)).toHaveRecords([{ key: 'tea', value: 5 }])
  })
})
