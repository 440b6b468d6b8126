import type { Topic } from '../core/topic.ts'
import type { RecordBatches } from '../kafka/batch/record-batches.ts'
import { RecordCursor } from '../kafka/batch/record-cursor.ts'
import type { SinkRecord } from '../sinks/sink.ts'

/** A record whose bytes its serde does not take. */
interface Undecodable {
  readonly offset: number
  readonly reason: string
}

/** What is next for the sink. `sources` hold the bytes, should a record be refused. */
export interface Taken<K, V> {
  readonly records: readonly SinkRecord<K, V>[]
  readonly undecodable: readonly Undecodable[]
  readonly first: number
  readonly next: number
  readonly sources: readonly RecordBatches[]
}

/** Most that is taken at once. */
export interface TakeLimits {
  readonly records: number
  /** Keys and values; the record that reaches it is the last. */
  readonly bytes: number
}

/** Fetched batches of one partition, decoded when they are taken. */
export class SinkQueue<K, V> {
  readonly #topic: Topic<K, V>
  readonly #partition: number
  readonly #cursor: RecordCursor
  #waiting: RecordBatches[] = []
  /** The batches the cursor is in. */
  #head: RecordBatches | undefined
  #position = 0
  #bytes = 0

  constructor(topic: Topic<K, V>, partition: number) {
    this.#topic = topic
    this.#partition = partition
    this.#cursor = new RecordCursor(`${topic.name}-${partition}`)
  }

  /** Bytes fetched and not yet walked to their end. */
  get bytes(): number {
    return this.#bytes
  }

  /** Starts over at that position, with nothing in it. */
  reset(position: number): void {
    this.#waiting = []
    this.#head = undefined
    this.#bytes = 0
    this.#position = position
  }

  add(batches: RecordBatches): void {
    this.#waiting.push(batches)
    this.#bytes += batches.end - batches.start
  }

  /** The next records, or undefined if there is nothing new. Without any record it still moves past markers and gaps. */
  take(limits: TakeLimits): Taken<K, V> | undefined {
    const first = this.#position
    const records: SinkRecord<K, V>[] = []
    const undecodable: Undecodable[] = []
    const sources: RecordBatches[] = this.#head === undefined ? [] : [this.#head]
    let bytes = 0
    while (records.length + undecodable.length < limits.records && bytes < limits.bytes) {
      if (this.#head === undefined) {
        this.#head = this.#waiting.shift()
        if (this.#head === undefined) break
        sources.push(this.#head)
        this.#cursor.open(this.#head)
      }
      if (!this.#cursor.next()) {
        this.#position = this.#head.next
        this.#bytes -= this.#head.end - this.#head.start
        this.#head = undefined
        continue
      }
      const { offset, keyStart, keyEnd, valueStart, valueEnd } = this.#cursor
      bytes += keyEnd - keyStart + valueEnd - valueStart
      try {
        records.push(this.#decoded())
      } catch (error) {
        undecodable.push({ offset, reason: error instanceof Error ? error.message : String(error) })
      }
      this.#position = offset + 1
    }
    if (this.#position === first && sources.length === 0) return undefined
    return { records, undecodable, first, next: this.#position, sources }
  }

  #decoded(): SinkRecord<K, V> {
    const { buffer, offset, timestamp, keyStart, keyEnd, valueStart, valueEnd } = this.#cursor
    const { name, key, value } = this.#topic
    return {
      topic: name,
      partition: this.#partition,
      offset,
      key: keyStart < 0 ? null : key.decode(buffer, keyStart, keyEnd),
      value: valueStart < 0 ? null : value.decode(buffer, valueStart, valueEnd),
      timestamp,
      headers: this.#cursor.headers()
    }
  }
}
