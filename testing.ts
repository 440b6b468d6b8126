export {
  type TestDriverOptions,
  type TestRecord,
  TopologyTestDriver
} from './runtime/topology-test-driver.ts'
