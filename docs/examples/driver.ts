import { expect } from 'vitest'
import { StreamsBuilder } from '../../index.ts'
import {
  type StreamMatchers,
  streamMatchers,
  type TestDriverOptions,
  TopologyTestDriver
} from '../../testing.ts'

declare module 'vitest' {
  interface Matchers<R> extends StreamMatchers<R> {}
}

expect.extend(streamMatchers)

/** A driver of what the function declares. */
export function driverOf(
  declare: (builder: StreamsBuilder) => void,
  options: TestDriverOptions = {}
): TopologyTestDriver {
  const builder = new StreamsBuilder()
  declare(builder)
  return new TopologyTestDriver(builder.build(), options)
}
