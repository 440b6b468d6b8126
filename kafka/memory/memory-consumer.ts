import { StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { Assignment, Consumer, ConsumerOptions, Fetched } from '../port/consumer.ts'
import type { MemoryBroker } from './memory-broker.ts'
import type { MemoryLog } from './memory-log.ts'

interface Reading {
  readonly topic: string
  readonly partition: number
  position: number
  paused: boolean
}

/** Reads at the moment of `take`: nothing is fetched ahead. */
export class MemoryConsumer implements Consumer {
  readonly #broker: MemoryBroker
  readonly #offsetReset: 'earliest' | 'latest' | 'fail'
  readonly #committedOnly: boolean
  readonly #partitionMaxBytes: number
  readonly #maxBytes: number
  readonly #readings = new Map<string, Reading>()
  /** Wakes who waits in `arrival`. */
  readonly #waiting = new Set<() => void>()

  constructor(broker: MemoryBroker, options: ConsumerOptions) {
    this.#broker = broker
    this.#offsetReset = options.offsetReset ?? 'fail'
    this.#committedOnly = options.isolation !== 'read_uncommitted'
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
      const { topic, partition } = reading
      const log = this.#broker.log(topic, partition)
      this.#passMarkers(reading, log)
      const batches = log.read(reading.position, this.#partitionMaxBytes, this.#committedOnly)
      if (batches === undefined) continue
      reading.position = batches.next
      const { endOffset: highWatermark, lastStableOffset } = log
      taken.push({ topic, partition, batches, highWatermark, lastStableOffset })
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
    const reading = this.#readings.get(partitionName(topic, partition))
    const log = this.#broker.findTopic(topic)?.logs[partition]
    if (reading !== undefined && log !== undefined && !reading.paused) this.#passMarkers(reading, log)
    return reading?.position
  }

  lag(topic: string, partition: number): number | undefined {
    const reading = this.#readings.get(partitionName(topic, partition))
    const log = this.#broker.findTopic(topic)?.logs[partition]
    if (reading === undefined || log === undefined) return undefined
    this.#passMarkers(reading, log)
    return Math.max(0, log.bound(this.#committedOnly) - reading.position)
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
    for (const reading of this.#readings.values()) {
      if (reading.paused) continue
      const log = this.#broker.findTopic(reading.topic)?.logs[reading.partition]
      if (log === undefined) return true
      this.#passMarkers(reading, log)
      const { position } = reading
      if (position < log.startOffset || position > log.endOffset) return true
      if (position < log.bound(this.#committedOnly)) return true
    }
    return false
  }

  /** What is not delivered is not waited for either. */
  #passMarkers(reading: Reading, log: MemoryLog): void {
    const { position } = reading
    if (position >= log.startOffset) reading.position = log.pastUnwanted(position, this.#committedOnly)
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
