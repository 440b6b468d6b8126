import { StreamsError } from '../core/errors.ts'
import type { StreamRecord } from '../core/record.ts'
import type { DropReason, Forward, Operator, PunctuationTime } from './operator.ts'

/** What a user's processor may do: forward records, use its stores, ask for punctuation. */
export interface ProcessorContext<K, V> {
  /** Hands a record to all steps after this one, or to the one of that name. */
  forward(record: StreamRecord<K, V>, child?: string): void
  /** One of the stores named when the processor was added; the caller knows its type. Throws STORE_UNKNOWN. */
  store<S>(name: string): S
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
  process(record: StreamRecord<KIn, VIn>, context: ProcessorContext<KOut, VOut>): void
  /** Called once, before the first record. */
  init?(context: ProcessorContext<KOut, VOut>): void
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
        forward(record.value as VOut, record.key as KOut, record.timestamp, record.headers)
      },
      store: <S>(name: string) => {
        // a store that was not connected belongs to another task's partitions, if it exists here at all
        return operatorContext.store(
          storeNames.includes(name) ? name : `${name} (not connected)`
        ) as unknown as S
      },
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
    processor.init?.(context)
    return (value, key, timestamp, headers) => processor.process({ key, value, timestamp, headers }, context)
  }
}
