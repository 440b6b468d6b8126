/** Counts what goes through one step. */
export interface NodeMeter {
  records: number
}

/** Buckets of the records' ages, s: what is live arrives within seconds, files may be years old. */
export const ageBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600, 3600, 86_400]

/** What a task counts, in plain numbers; read at each scrape. It outlives the task, so that its counters never fall. */
export class TaskMeter {
  records = 0
  /** Of fetched batches, as they came. */
  bytes = 0
  /** How long wall-clock punctuators ran, ms. */
  punctuateMs = 0
  /** By age, one more than `ageBuckets`: how many of the records looked at were that old when they were processed. */
  readonly ages = new Float64Array(ageBuckets.length + 1)
  /** Sum of their ages, ms. */
  ageMs = 0
  readonly nodes = new Map<string, NodeMeter>()

  /** That of a step, made at the first call. */
  node(name: string): NodeMeter {
    let meter = this.nodes.get(name)
    if (meter === undefined) {
      meter = { records: 0 }
      this.nodes.set(name, meter)
    }
    return meter
  }

  /** One for steps that the same records reach. */
  together(names: readonly string[]): NodeMeter {
    const known = names.map((name) => this.nodes.get(name)).find((meter) => meter !== undefined)
    const meter = known ?? { records: 0 }
    for (const name of names) this.nodes.set(name, meter)
    return meter
  }

  /** After a slice: so many records, and the age of the last of them, ms, if it was not looked at. */
  processed(records: number, ageMs: number | undefined): void {
    this.records += records
    if (ageMs !== undefined) this.age(ageMs)
  }

  /** To be called now and then, not for each record. */
  age(ms: number): void {
    const age = Math.max(0, ms)
    let bucket = 0
    while (bucket < ageBuckets.length && age > (ageBuckets[bucket] as number) * 1000) bucket++
    this.ages[bucket] = (this.ages[bucket] as number) + 1
    this.ageMs += age
  }
}
