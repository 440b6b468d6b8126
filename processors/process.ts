import { StreamsError } from '../core/errors.ts'
import type { Headers } from '../core/record.ts'
import type { KeyValueStore } from '../state/key-value-store.ts'
import type { SessionStore } from '../state/session-store.ts'
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  StoreReference,
  VersionedStoreDefinition,
  WindowStoreDefinition
} from '../state/store-definition.ts'
import type { VersionedStore } from '../state/versioned-store.ts'
import type { WindowStore } from '../state/window-store.ts'
import type { DropReason, Forward, Operator, PunctuationTime } from './operator.ts'

/**
 * A whole record. Null is a key or value like others: where a stream may have some without, its type says so, and then only. As everywhere, that
 * a topic's records have a key and a value is taken from its declaration; a tombstone's value is null all the same.
 */
export interface ProcessorRecord<K, V> {
  readonly key: K
  readonly value: V
  /** Event time, ms. */
  readonly timestamp: number
  readonly headers: Headers
}

/** What a user's processor may do: forward records, use its stores, ask for punctuation. */
export interface ProcessorContext<K, V> {
  /** Hands a record to all steps after this one, or to the one of that name. */
  forward(record: ProcessorRecord<K, V>, child?: string): void
  /** One of the stores that were named when the processor was added. Throws STORE_UNKNOWN for another. */
  store<SK, SV>(definition: KeyValueStoreDefinition<SK, SV>): KeyValueStore<SK, SV>
  store<SK, SV>(definition: WindowStoreDefinition<SK, SV>): WindowStore<SK, SV>
  store<SK, SV>(definition: SessionStoreDefinition<SK, SV>): SessionStore<SK, SV>
  store<SK, SV>(definition: VersionedStoreDefinition<SK, SV>): VersionedStore<SK, SV>
  schedule(intervalMs: number, time: PunctuationTime, callback: (timestamp: number) => void): () => void
  /** Highest event time the task has seen, ms; -1 before the first record. */
  streamTime(): number
  /** The wall clock, ms. */
  wallClock(): number
  dropped(reason: DropReason): void
  /** Origin of the record being processed. */
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** A user's own step: sees the whole record, headers included, and forwards what it likes. One instance per task. */
export interface Processor<KIn, VIn, KOut, VOut> {
  process(record: ProcessorRecord<KIn, VIn>, context: ProcessorContext<KOut, VOut>): void
  /** Called once, before the first record. */
  init?(context: ProcessorContext<KOut, VOut>): void
  /** Called once, when its task ends here or is made anew. The stores may be closed by then. What it throws is told to the log, and ends nothing. */
  close?(): void
}

export function process<KIn, VIn, KOut, VOut>(
  make: () => Processor<KIn, VIn, KOut, VOut>,
  storeNames: readonly string[]
): Operator<KIn, VIn, KOut, VOut> {
  return (downstream, operatorContext, children) => {
    const processor = make()
    const toChild = (name: string): Forward<KOut, VOut> => {
      const child = children.get(name)
      if (child === undefined)
        throw new StreamsError('TOPOLOGY_INVALID', `no step "${name}" comes after this processor`)
      return child as Forward<KOut, VOut>
    }
    const context: ProcessorContext<KOut, VOut> = {
      forward: (record, child) => {
        const forward = child === undefined ? downstream : toChild(child)
        forward(record.value, record.key, record.timestamp, record.headers)
      },
      // a store that was not connected belongs to another task's partitions, if it exists here at all
      store: (({ name }: StoreReference) =>
        operatorContext.store(
          storeNames.includes(name) ? name : `${name} (not connected)`
        )) as unknown as ProcessorContext<KOut, VOut>['store'],
      schedule: operatorContext.schedule,
      streamTime: operatorContext.streamTime,
      wallClock: operatorContext.wallClock,
      dropped: operatorContext.dropped,
      get topic() {
        return operatorContext.topic
      },
      get partition() {
        return operatorContext.partition
      },
      get offset() {
        return operatorContext.offset
      }
    }
    operatorContext.onClose(() => processor.close?.())
    processor.init?.(context)
    return (value, key, timestamp, headers) => processor.process({ key, value, timestamp, headers }, context)
  }
}
