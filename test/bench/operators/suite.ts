import type { BenchCase, Suite } from '../case.ts'
import type { TaskSettings } from './task-program.ts'

const common = { keys: 1_000, valueBytes: 180, windows: 1, partitions: 1 } as const

function taskCase(group: string, name: string, settings: TaskSettings): BenchCase {
  return { group, name, program: 'task', settings }
}

/** What a record costs in a task, without a broker. */
export const operators: Suite = {
  title: 'Operators: a task fed with batches in memory, over RocksDB',
  async prepare({ records }) {
    const at = { ...common, records }
    return {
      cases: [
        taskCase('operators', 'filter, mapValues, to', { ...at, chain: 'filter and map' }),
        taskCase('operators', 'aggregate', { ...at, chain: 'aggregate' }),
        taskCase('operators', 'aggregate in windows', { ...at, chain: 'windows' })
      ],
      close: async () => {}
    }
  }
}

/** How that grows: with the keys as a logarithm, with the record as its length, and not at all with partitions and windows. */
export const scale: Suite = {
  title: 'Scale: the cost of a record in a task as one thing grows',
  async prepare({ records }) {
    const at = { ...common, records: Math.min(records, 500_000), chain: 'aggregate' } as const
    const curve = <T>(
      group: string,
      values: readonly T[],
      settings: (value: T) => TaskSettings
    ): BenchCase[] => values.map((value) => taskCase(group, String(value), settings(value)))
    return {
      cases: [
        ...curve('keys', [1_000, 10_000, 100_000], (keys) => ({ ...at, keys })),
        ...curve('partitions', [1, 4, 16, 64], (partitions) => ({ ...at, partitions })),
        ...curve('bytes of a value', [180, 1_000, 10_000], (valueBytes) => ({
          ...at,
          valueBytes,
          records: Math.ceil(at.records / 5)
        })),
        ...curve('windows of a key', [1, 10, 100], (windows) => ({
          ...at,
          chain: 'windows',
          keys: 100,
          windows
        }))
      ],
      close: async () => {}
    }
  }
}
