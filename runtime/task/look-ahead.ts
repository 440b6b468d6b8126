import { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import type { StateStore } from '../../state/state-store.ts'
import { BufferedKeyValueStore } from '../../state/stores/key-value.ts'
import type { PartitionQueue } from './partition-queue.ts'

/** Records of which the keys are read at once. */
const windowRecords = 500
/** Reads spared, of a window's records, below which looking at every key costs more than it brings. */
const leastPart = 1 / 8
/** Windows to sit out after one whose keys were evicted before their turn. */
const pauseWindows = 16

type Store = BufferedKeyValueStore<unknown, unknown>

/** Since the last look. */
interface Target {
  readonly store: Store
  /** Reads of the records' own keys that had to ask the engine. */
  misses: number
  /** Keys that were read ahead. */
  read: number
  paused: number
}

/**
 * Reads the keys of a partition's next records from stores on disk in one call, where that pays. Which stores to read is not declared but
 * seen: those that were asked, while a record was processed, for that record's own key, byte for byte, and did not have it at hand. A store
 * whose keys are at hand costs nothing here. Results do not change: what is read ahead is what the reads would have found.
 */
export class LookAhead {
  readonly #queue: PartitionQueue
  readonly #targets: readonly Target[]
  readonly #cursor = new RecordCursor()
  /** Records of this window, and those of them still to come. */
  #window = windowRecords
  #left = windowRecords

  constructor(queue: PartitionQueue, stores: readonly Store[]) {
    this.#queue = queue
    this.#targets = stores.map((store) => ({ store, misses: 0, read: 0, paused: 0 }))
  }

  /** To be called before each record of the queue is processed. */
  next(): void {
    if (this.#left-- === 0) this.#look()
  }

  /** To be called when a store had to ask its engine for a key, given as latin1 text. */
  missed(store: Store, id: string): void {
    const { buffer, keyStart, keyEnd } = this.#queue.cursor
    if (id.length !== keyEnd - keyStart || id !== buffer.latin1Slice(keyStart, keyEnd)) return
    for (const target of this.#targets) if (target.store === store) target.misses++
  }

  #look(): void {
    const least = this.#window * leastPart
    let window = windowRecords
    for (const target of this.#targets) {
      const { misses, read } = target
      target.misses = 0
      target.read = 0
      if (target.paused > 0) target.paused--
      else if (read > 0 && 2 * misses > read) target.paused = pauseWindows
      else if (Math.max(read, misses) >= least) window = Math.min(window, this.#prefetch(target))
    }
    this.#window = window
    // the record at hand is one of them
    this.#left = window - 1
  }

  #prefetch(target: Target): number {
    this.#cursor.startFrom(this.#queue.cursor)
    const { seen, read } = target.store.prefetch(this.#cursor, windowRecords)
    target.read = read
    // with no room there is a commit before long
    return seen === 0 ? windowRecords : seen
  }
}

/** The stores that a task may read ahead from. */
export function storesOnDisk(stores: readonly StateStore[]): readonly Store[] {
  return stores.filter((store): store is Store => store instanceof BufferedKeyValueStore && store.persistent)
}
