import type { StateBenchOptions } from '../../state/bench-state.ts'
import type { BenchCase, Suite } from '../case.ts'
import type { LookAheadSettings } from './look-ahead-program.ts'

const budgetBytes = 256 * 1024 * 1024
const budgetMiB = budgetBytes / 1024 / 1024
/** What the process may hold beyond the budget: the heap of a program that does something. */
const besideMiB = 150
const sizes = [1_000, 100_000, 5_000_000]

export type StateSettings = Omit<StateBenchOptions, 'directory'>

function tableOf(keys: number, distribution: StateSettings['distribution'], records: number): BenchCase {
  const settings: StateSettings = {
    keys,
    records,
    distribution,
    commitEvery: 5000,
    engine: 'rocksdb',
    budgetBytes
  }
  return {
    group: `${keys.toLocaleString('en')} keys`,
    name: distribution,
    program: 'state',
    settings,
    target: { figure: 'RSS growth MiB', atMost: budgetMiB + besideMiB },
    rounds: 1
  }
}

/** A whole task, with and without reading the keys of the next records ahead. */
function taskOver(keys: number, distribution: StateSettings['distribution'], records: number): BenchCase[] {
  return [true, false].map((lookAhead) => {
    const settings: LookAheadSettings = {
      keys,
      records,
      distribution,
      commitEvery: 5000,
      budgetBytes,
      lookAhead
    }
    return {
      group: `a task over ${keys.toLocaleString('en')} keys, ${distribution}`,
      name: lookAhead ? 'keys read ahead' : 'key by key',
      program: 'look-ahead',
      settings,
      rounds: 1
    }
  })
}

/** Stores over RocksDB: read-modify-write through the write buffer, window fetches, a full scan; and a task that does so. */
export const state: Suite = {
  title: `State in RocksDB, ${budgetMiB} MiB of memory for it, a commit every 5,000 records`,
  async prepare({ records }) {
    const updates = Math.min(records, 1_000_000)
    return {
      cases: [
        ...sizes.flatMap((keys) => [tableOf(keys, 'zipf', updates), tableOf(keys, 'uniform', updates)]),
        ...sizes.flatMap((keys) => [
          ...taskOver(keys, 'zipf', updates),
          ...taskOver(keys, 'uniform', updates)
        ])
      ],
      close: async () => {}
    }
  }
}
