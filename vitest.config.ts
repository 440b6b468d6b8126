import { defineConfig } from 'vitest/config'

// two kinds of test: in memory, and (*.real.test.ts) against real servers
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // two cores, and real servers beside the tests
    maxWorkers: 2,
    // importing the project anew for each file would cost as much as many of the tests
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'memory',
          include: ['test/**/*.test.ts', 'docs/**/*.test.ts'],
          exclude: ['test/**/*.real.test.ts']
        }
      },
      {
        extends: true,
        test: { name: 'real', include: ['test/**/*.real.test.ts'], globalSetup: ['test/services.ts'] }
      }
    ]
  }
})
