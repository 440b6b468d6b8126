import { type Consumer, type KafkaClient, partitionForKey, RecordCursor, type Topic } from '../../../index.ts'

/** The longest time in which nothing arrived, that ended between the two moments or was still going on at the later one. */
export function longestGap(arrivals: readonly number[], from: number, to: number): number {
  // who fell silent for good has the longest gap of all
  let longest = to - (arrivals.findLast((at) => at <= to) ?? from)
  for (const [index, at] of arrivals.entries())
    if (at > from && at <= to) longest = Math.max(longest, at - (arrivals[index - 1] ?? at))
  return longest
}

/** Reads an output as it is committed, and notes for each task when something of it came. */
export class TaskGaps {
  readonly #consumer: Consumer
  readonly #taskOf: (key: Buffer, start: number, end: number) => string
  readonly #cursor = new RecordCursor()
  readonly #arrivals = new Map<string, number[]>()
  readonly #running: Promise<void>
  #stopped = false

  /** @param tasks partitions of the sub-topology that writes the topic by its records' keys */
  constructor(
    client: KafkaClient,
    { name, partitions }: Topic<string, unknown>,
    subTopology: number,
    tasks: number
  ) {
    this.#consumer = client.consumer({ clientId: 'bench-gaps' })
    this.#consumer.assign(
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition, offset: 0 }))
    )
    this.#taskOf = (key, start, end) => `${subTopology}_${partitionForKey(key, start, end, tasks)}`
    this.#running = this.#run()
  }

  /** The longest gap, ms, of one of the tasks between the two moments (`performance.now`). Throws without a task. */
  longest(tasks: readonly string[], from: number, to: number): number {
    if (tasks.length === 0) throw new Error('gaps of no task')
    return Math.max(...tasks.map((task) => longestGap(this.#arrivals.get(task) ?? [], from, to)))
  }

  /** Whether each of the tasks was heard of after that moment. */
  allHeard(tasks: readonly string[], after: number): boolean {
    return tasks.every((task) => (this.#arrivals.get(task)?.at(-1) ?? 0) > after)
  }

  async close(): Promise<void> {
    this.#stopped = true
    await this.#running
    await this.#consumer.close()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#consumer.arrival(50)
      const now = performance.now()
      for (const fetched of this.#consumer.take()) {
        this.#cursor.open(fetched.batches)
        while (this.#cursor.next()) {
          const task = this.#taskOf(this.#cursor.buffer, this.#cursor.keyStart, this.#cursor.keyEnd)
          const arrivals = this.#arrivals.get(task)
          if (arrivals === undefined) this.#arrivals.set(task, [now])
          else if (arrivals.at(-1) !== now) arrivals.push(now)
        }
        fetched.release?.()
      }
    }
  }
}
