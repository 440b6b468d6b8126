import { defineConfig } from 'vitest/config'

// two kinds of test: in memory, and (*.real.test.ts) against real servers; and three that take minutes or want more than the others: what the pages tell
// people to do, the package as who installs it finds it, and pages in a browser
const day = 'test/docs/day.real.test.ts'
const consumer = 'test/package/consumer.real.test.ts'

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // two cores, and real servers beside the tests
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'memory',
          // importing the project anew for each file would cost as much as many of the tests
          isolate: false,
          include: ['test/**/*.test.ts', 'docs/**/*.test.ts'],
          exclude: ['test/**/*.real.test.ts', 'test/browser/**']
        }
      },
      {
        extends: true,
        test: {
          name: 'real',
          // they wait for servers more than they compute
          maxWorkers: 3,
          // after those in memory: projects that differ in their workers take turns
          sequence: { groupOrder: 1 },
          include: ['test/**/*.real.test.ts'],
          exclude: [day, consumer],
          globalSetup: ['test/services.ts']
        }
      },
      // wants a chromium
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/*.browser.test.ts'],
          globalSetup: ['test/browser/kafka.ts']
        }
      },
      { extends: true, test: { name: 'day', include: [day], globalSetup: ['test/services.ts'] } },
      { extends: true, test: { name: 'package', include: [consumer], globalSetup: ['test/services.ts'] } }
    ]
  }
})
