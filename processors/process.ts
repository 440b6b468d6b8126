import type { StreamRecord } from '../core/record.ts'
import type { DropReason, Operator, PunctuationTime } from './operator.ts'

/** What a user's processor may do: forward records, use its stores, ask for punctuation. */
export interface ProcessorContext<K, V> {
  forward(record: StreamRecord<K, V>): void
  /** One of the stores named when the processor was added; the caller knows its type. Throws STORE_UNKNOWN. */
  store<S>(name: string): S
  schedule(intervalMs: number, time: PunctuationTime, callback: (timestamp: number) => void): () => void
  /** Highest event time the task has seen, ms; -1 before the first record. */
  streamTime(): number
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
  return (downstream, operatorContext) => {
    const processor = make()
    const context: ProcessorContext<KOut, VOut> = {
      forward: (record) =>
        downstream(record.value as VOut, record.key as KOut, record.timestamp, record.headers),
      store: <S>(name: string) => {
        // a store that was not connected belongs to another task's partitions, if it exists here at all
        return operatorContext.store(
          storeNames.includes(name) ? name : `${name} (not connected)`
        ) as unknown as S
      },
      schedule: operatorContext.schedule,
      streamTime: operatorContext.streamTime,
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
