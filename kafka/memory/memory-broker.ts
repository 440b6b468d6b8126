import { randomUUID } from 'node:crypto'
import { type Clock, systemClock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import { type Headers, partitionName } from '../../core/record.ts'
import { RecordCursor } from '../batch/record-cursor.ts'
import { GroupState } from './group-state.ts'
import { MemoryLog } from './memory-log.ts'
import { MemoryTransactions } from './memory-transactions.ts'

export interface MemoryTopic {
  readonly name: string
  readonly id: string
  readonly configs: Record<string, string>
  readonly logs: readonly MemoryLog[]
}

/** A record read back from the broker, as bytes of its own. */
export interface MemoryRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}

/**
 * A Kafka broker in memory: logs of real record batches, topics, group offsets and transactions. What the test driver runs on, so everything is
 * synchronous. Topics are never made on the way, nothing expires and nothing is compacted.
 */
export class MemoryBroker {
  readonly clock: Clock
  readonly transactions = new MemoryTransactions()
  readonly #topics = new Map<string, MemoryTopic>()
  readonly #groups = new Map<string, GroupState>()
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock = systemClock) {
    this.clock = clock
  }

  /** Makes a topic; an existing one is left as it is. */
  createTopicSync(
    name: string,
    partitions: number,
    configs: Readonly<Record<string, string>> = {}
  ): MemoryTopic {
    const existing = this.#topics.get(name)
    if (existing !== undefined) return existing
    if (!Number.isSafeInteger(partitions) || partitions < 1)
      throw new StreamsError('CONFIG_INVALID', `${name}: a topic cannot have ${partitions} partitions`)
    const own = { ...configs }
    const settings = {
      get logAppendTime() {
        return own['message.timestamp.type'] === 'LogAppendTime'
      }
    }
    const logs = Array.from(
      { length: partitions },
      (_, partition) => new MemoryLog(name, partition, settings, this.clock)
    )
    const made = { name, id: randomUUID(), configs: own, logs }
    this.#topics.set(name, made)
    return made
  }

  /** Deletes a topic and what groups committed for it. */
  deleteTopicSync(name: string): void {
    if (!this.#topics.delete(name)) return
    for (const group of this.#groups.values()) group.forgetTopic(name)
    this.transactions.forgetTopic(name)
    this.changed()
  }

  findTopic(name: string): MemoryTopic | undefined {
    return this.#topics.get(name)
  }

  topicNames(): readonly string[] {
    return [...this.#topics.keys()]
  }

  /** Throws TOPIC_MISSING. */
  topic(name: string): MemoryTopic {
    const found = this.#topics.get(name)
    if (found === undefined) throw new StreamsError('TOPIC_MISSING', `there is no topic ${name}`)
    return found
  }

  /** Throws TOPIC_MISSING. */
  log(topic: string, partition: number): MemoryLog {
    const log = this.topic(topic).logs[partition]
    if (log === undefined)
      throw new StreamsError('TOPIC_MISSING', `there is no partition ${partitionName(topic, partition)}`)
    return log
  }

  group(groupId: string): GroupState {
    const known = this.#groups.get(groupId)
    if (known !== undefined) return known
    const group = new GroupState(groupId, (topics) =>
      topics.flatMap((topic) => this.topic(topic).logs.map(({ partition }) => ({ topic, partition })))
    )
    this.#groups.set(groupId, group)
    return group
  }

  /** All records of a topic, partition after partition, decoded; those of aborted and open transactions are left out. */
  readAll(topic: string): readonly MemoryRecord[] {
    return this.topic(topic).logs.flatMap((log) => this.read(topic, log.partition, log.startOffset))
  }

  /** The records of one partition from an offset on, decoded; those of aborted and open transactions are left out. */
  read(topic: string, partition: number, from: number): readonly MemoryRecord[] {
    const batches = this.log(topic, partition).read(from, Number.POSITIVE_INFINITY, true)
    const records: MemoryRecord[] = []
    if (batches === undefined) return records
    const cursor = new RecordCursor(partitionName(topic, partition))
    cursor.open(batches)
    while (cursor.next()) {
      const { buffer, offset, timestamp } = cursor
      records.push({
        topic,
        partition,
        offset,
        timestamp,
        key: copyOf(buffer, cursor.keyStart, cursor.keyEnd),
        value: copyOf(buffer, cursor.valueStart, cursor.valueEnd),
        headers: cursor.headers()
      })
    }
    return records
  }

  /** Wakes the consumers that wait for something to happen. */
  changed(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** Calls `wake` at each change until the returned function is called. */
  onChange(wake: () => void): () => void {
    this.#waiting.add(wake)
    return () => this.#waiting.delete(wake)
  }
}

function copyOf(bytes: Buffer, start: number, end: number): Buffer | null {
  return start < 0 ? null : Buffer.from(bytes.subarray(start, end))
}
