import { decodeUntrusted, type Serde } from '../../core/serde.ts'
import type { Forward } from '../../processors/operator.ts'
import type { RepartitionNode, SourceNode } from '../../topology/graph-node.ts'
import type { NodeMeter } from '../metrics/task-meter.ts'
import type { ErrorHandling } from './error-handling.ts'
import type { LookAhead } from './look-ahead.ts'
import type { Entry } from './operator-chain.ts'
import type { PartitionQueue } from './partition-queue.ts'

/** One input of a task: its queue, how its records are read, and the first step after it. */
export class Input {
  readonly queue: PartitionQueue
  /** Its place among the task's inputs. */
  readonly index: number
  readonly forward: Forward<unknown, unknown>
  /** To be counted with each call of `forward`. */
  readonly reached: NodeMeter
  /** Undefined: the task has no store to read ahead from. */
  readonly lookAhead: LookAhead | undefined
  /** Of the record that was read last, decoded. */
  key: unknown = null
  value: unknown = null
  /** The source's name, for error handlers. */
  readonly #node: string
  readonly #key: Serde<unknown>
  readonly #value: Serde<unknown>
  /** Values of source topics come from outside and are checked; our own repartition topics are trusted. */
  readonly #trusted: boolean

  constructor(
    queue: PartitionQueue,
    index: number,
    node: SourceNode | RepartitionNode,
    entry: Entry,
    lookAhead: LookAhead | undefined
  ) {
    const serdes = node.kind === 'source' ? node.topic : node
    this.queue = queue
    this.index = index
    this.forward = entry.forward
    this.reached = entry.meter
    this.lookAhead = lookAhead
    this.#node = node.name
    this.#key = serdes.key
    this.#value = serdes.value
    this.#trusted = node.kind !== 'source'
  }

  /** Decodes the head of the queue. False for a record that is passed over because it cannot be read. */
  read(errors: ErrorHandling): boolean {
    const { queue } = this
    errors.source = queue
    try {
      const { buffer, keyStart, keyEnd, valueStart, valueEnd } = queue.cursor
      this.key = keyStart < 0 ? null : this.#key.decode(buffer, keyStart, keyEnd)
      if (valueStart < 0) this.value = null
      else if (this.#trusted) this.value = this.#value.decode(buffer, valueStart, valueEnd)
      else this.value = decodeUntrusted(this.#value, buffer, valueStart, valueEnd)
      return true
    } catch (error) {
      errors.deserialization(error, queue, this.#node)
      return false
    }
  }
}
