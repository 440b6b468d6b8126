import type { ByteTarget } from './bytes.ts'

/**
 * Turns values into bytes and back. Works on ranges of larger buffers, so that nothing is sliced for a record.
 * Null keys and values never reach a serde: they are Kafka's absent key and tombstone.
 */
export interface Serde<T> {
  /** Names the format in messages and in the lock file, e.g. `string` or `json`. */
  readonly name: string
  /** Reads `bytes[start, end)`. The result does not alias `bytes`. Throws DESERIALIZATION. */
  decode(bytes: Buffer, start: number, end: number): T
  /** Writes at `at` and returns the end. Throws SERIALIZATION. */
  encode(value: T, target: ByteTarget, at: number): number
  /**
   * As `decode`, of a value that came from outside (a source topic), which may be anything: checks it, and leaves out what the type does not
   * know. Throws DESERIALIZATION. What this library wrote to its own stores and internal topics is trusted, and read by `decode`. Without
   * this method everything is.
   */
  decodeUntrusted?(bytes: Buffer, start: number, end: number): T
  /**
   * Says that `value`, written, is `bytes[start, end)`, until it is called again. What a store has just serialised is mostly written to a topic
   * next, and then only copied. The value must not change meanwhile.
   */
  lend?(value: T, bytes: Buffer, start: number, end: number): void
  /**
   * Of keys with a window: how many bytes at their end are the window's. A stream that is written to a topic goes to the partitions of the bytes before,
   * so that all windows of a key are in one (Kafka Streams' WindowedStreamPartitioner).
   */
  readonly windowBytes?: number
  /** What values look like, as JSON Schema; undefined where that is not known. The lock file tells changes by it. */
  jsonSchema?(): Record<string, unknown> | undefined
}

/** Reads `bytes[start, end)` that somebody else wrote. Throws DESERIALIZATION, and what serdes of users throw. */
export function decodeUntrusted<T>(serde: Serde<T>, bytes: Buffer, start: number, end: number): T {
  return serde.decodeUntrusted === undefined
    ? serde.decode(bytes, start, end)
    : serde.decodeUntrusted(bytes, start, end)
}
