import { StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { Assignment, Consumer, ConsumerOptions, Fetched } from '../port/consumer.ts'
import type { MemoryBroker } from './memory-broker.ts'

interface Reading {
  readonly topic: string
  readonly partition: number
  position: number
  paused: boolean
}

/** Reads at the moment of `take`: nothing is fetched ahead. There are no transactions, so both isolation levels see the same. */
export class MemoryConsumer implements Consumer {
  readonly #broker: MemoryBroker
  readonly #offsetReset: 'earliest' | 'latest' | 'fail'
  readonly #partitionMaxBytes: number
  readonly #maxBytes: number
  readonly #readings = new Map<string, Reading>()
  /** Wakes who waits in `arrival`. */
  readonly #waiting = new Set<() => void>()

  constructor(broker: MemoryBroker, options: ConsumerOptions) {
    this.#broker = broker
    this.#offsetReset = options.offsetReset ?? 'fail'
    this.#partitionMaxBytes = options.partitionMaxBytes ?? 1024 * 1024
    this.#maxBytes = options.maxBytes ?? 16 * 1024 * 1024
  }

  assign(assignments: readonly Assignment[]): void {
    for (const { topic, partition, offset } of assignments) {
      const name = partitionName(topic, partition)
      const reading = this.#readings.get(name)
      if (reading === undefined)
        this.#readings.set(name, { topic, partition, position: offset, paused: false })
      else reading.position = offset
    }
    if (this.#hasSomething()) this.#wake()
  }

  unassign(partitions: readonly { readonly topic: string; readonly partition: number }[]): void {
    for (const { topic, partition } of partitions) this.#readings.delete(partitionName(topic, partition))
  }

  pause(topic: string, partition: number): void {
    this.#setPaused(topic, partition, true)
  }

  resume(topic: string, partition: number): void {
    this.#setPaused(topic, partition, false)
    if (this.#hasSomething()) this.#wake()
  }

  take(): readonly Fetched[] {
    const active = [...this.#readings.values()].filter(({ paused }) => !paused)
    // before anything is taken, so that a failing partition loses nothing of the others
    for (const reading of active) this.#checkPosition(reading)
    const taken: Fetched[] = []
    let bytes = 0
    for (const reading of active) {
      const { topic, partition, position } = reading
      const log = this.#broker.log(topic, partition)
      const batches = log.read(position, this.#partitionMaxBytes)
      if (batches === undefined) continue
      reading.position = batches.next
      taken.push({ topic, partition, batches, highWatermark: log.endOffset, lastStableOffset: log.endOffset })
      this.#moveToEnd(reading)
      bytes += batches.end
      if (bytes >= this.#maxBytes) break
    }
    return taken
  }

  async arrival(timeoutMs: number): Promise<void> {
    if (this.#hasSomething()) return
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        stopListening()
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      const stopListening = this.#broker.onChange(() => {
        if (this.#hasSomething()) done()
      })
      this.#waiting.add(done)
    })
  }

  position(topic: string, partition: number): number | undefined {
    return this.#readings.get(partitionName(topic, partition))?.position
  }

  lag(topic: string, partition: number): number | undefined {
    const reading = this.#readings.get(partitionName(topic, partition))
    const log = this.#broker.findTopic(topic)?.logs[partition]
    if (reading === undefined || log === undefined) return undefined
    return Math.max(0, log.endOffset - reading.position)
  }

  async close(): Promise<void> {
    this.#readings.clear()
    this.#wake()
  }

  #setPaused(topic: string, partition: number, paused: boolean): void {
    const reading = this.#readings.get(partitionName(topic, partition))
    if (reading !== undefined) reading.paused = paused
  }

  /** True if `take` would return or throw something. */
  #hasSomething(): boolean {
    for (const { topic, partition, position, paused } of this.#readings.values()) {
      if (paused) continue
      const log = this.#broker.findTopic(topic)?.logs[partition]
      if (log === undefined || position !== log.endOffset) return true
    }
    return false
  }

  #checkPosition(reading: Reading): void {
    const { topic, partition, position } = reading
    const log = this.#broker.log(topic, partition)
    if (position >= log.startOffset && position <= log.endOffset) return
    if (this.#offsetReset === 'earliest') reading.position = log.startOffset
    else if (this.#offsetReset === 'latest') reading.position = log.endOffset
    else
      throw new StreamsError(
        'OFFSET_OUT_OF_RANGE',
        `${partitionName(topic, partition)}: offset ${position} is outside the log, which goes from ${log.startOffset} to ${log.endOffset}`
      )
  }

  /** When `maxBytes` cuts a take short, the next one begins with the partitions that had to wait. */
  #moveToEnd(reading: Reading): void {
    const name = partitionName(reading.topic, reading.partition)
    this.#readings.delete(name)
    this.#readings.set(name, reading)
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done()
  }
}
