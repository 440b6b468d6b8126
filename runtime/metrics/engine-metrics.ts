import { Gauge, type Registry } from 'prom-client'
import { hasCode } from '../../core/errors.ts'
import type { Engine, EngineProperties } from '../../state/engine.ts'

interface Watched {
  readonly task: string
  readonly store: string
  readonly engine: Engine
}

interface Property {
  readonly name: string
  readonly help: string
  readonly of: (properties: EngineProperties) => number | boolean | undefined
}

const properties: readonly Property[] = [
  {
    name: 'streams_store_table_bytes',
    help: 'Size of the files of sorted entries of a store on disk',
    of: ({ tableBytes }) => tableBytes
  },
  {
    name: 'streams_store_memtable_bytes',
    help: 'Writes that the engine of a store holds in memory (LevelDB: with its cache of blocks)',
    of: ({ memtableBytes }) => memtableBytes
  },
  {
    name: 'streams_store_block_cache_bytes',
    help: 'Blocks that the engine of a store holds in memory',
    of: ({ blockCacheBytes }) => blockCacheBytes
  },
  {
    name: 'streams_store_table_reader_bytes',
    help: 'Filters and indexes that the engine of a store holds in memory outside its block cache',
    of: ({ tableReaderBytes }) => tableReaderBytes
  },
  {
    name: 'streams_store_write_stalled',
    help: '1 while writes of a store wait for compactions or are slowed down by them',
    of: ({ stalled }) => stalled
  },
  {
    name: 'streams_store_running_compactions',
    help: 'Compactions of a store that run now',
    of: ({ runningCompactions }) => runningCompactions
  }
]

/**
 * What engines on disk tell of themselves, asked for at each scrape. An engine that is closed by then is left out from there on. Open
 * iterators are not among it: a scan opens, reads and closes one within a single call.
 */
export class EngineMetrics {
  readonly #watched = new Map<string, Watched>()

  constructor(registry: Registry) {
    for (const { name, help, of } of properties) {
      const gauge = new Gauge({
        name,
        help,
        labelNames: ['store', 'task'],
        registers: [registry],
        collect: () => {
          gauge.reset()
          for (const { task, store, found } of this.#properties()) {
            const value = of(found)
            if (value !== undefined) gauge.set({ store, task }, Number(value))
          }
        }
      })
    }
  }

  watch(task: string, store: string, engine: Engine): void {
    if (engine.kind !== 'memory') this.#watched.set(`${task}/${store}`, { task, store, engine })
  }

  *#properties(): Generator<{ task: string; store: string; found: EngineProperties }> {
    for (const [name, { task, store, engine }] of this.#watched) {
      try {
        yield { task, store, found: engine.properties() }
      } catch (error) {
        if (!hasCode(error, 'STORE_CLOSED')) throw error
        this.#watched.delete(name)
      }
    }
  }
}
