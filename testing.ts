export { type ExpectedRecord, type StreamMatchers, streamMatchers } from './runtime/stream-matchers.ts'
export {
  type TestDriverOptions,
  type TestRecord,
  TopologyTestDriver
} from './runtime/topology-test-driver.ts'
