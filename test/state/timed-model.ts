import { segmentInterval } from '../../state/stores/timed-layout.ts'

export interface TimedRow {
  readonly key: string
  readonly time: number
  readonly sub: number
  readonly value: number
  readonly timestamp: number
}

interface Put {
  readonly row: Omit<TimedRow, 'value'>
  readonly value: number | null
}

/** What a change tells when it leaves the store. */
export interface Told {
  readonly at: string
  readonly value: number | null
  readonly old: number | null
  readonly timestamp: number
}

const nameOf = ({ key, time, sub }: Omit<TimedRow, 'value'>) => `${time}/${sub}/${key}`

export function compareRows(a: TimedRow, b: TimedRow): number {
  return (
    Buffer.compare(Buffer.from(a.key, 'utf8'), Buffer.from(b.key, 'utf8')) || a.time - b.time || a.sub - b.sub
  )
}

/** Window and session stores as Kafka Streams has them: a store by segments, and a record cache before it that nothing leaves. */
export class TimedModel {
  readonly #retentionMs: number
  readonly #reachMs: number
  readonly #cached: boolean
  #cache = new Map<string, Put>()
  #dirty = new Set<string>()
  #inner = new Map<string, TimedRow>()
  #committed = new Map<string, TimedRow>()
  #committedTime = -1
  streamTime = -1
  expiredPuts = 0

  constructor(retentionMs: number, reachMs: number, cached: boolean) {
    this.#retentionMs = retentionMs
    this.#reachMs = reachMs
    this.#cached = cached
  }

  put(row: Omit<TimedRow, 'value'>, value: number | null): Told[] {
    const name = nameOf(row)
    if (!this.#cached) return [this.#write({ row, value })]
    this.#cache.set(name, { row, value })
    this.#dirty.delete(name)
    this.#dirty.add(name)
    return []
  }

  flush(): Told[] {
    const told: Told[] = []
    for (const name of this.#dirty) {
      const put = this.#cache.get(name) as Put
      if (put.value === null) this.#cache.delete(name)
      if (put.value !== null || this.#old(name) !== null) told.push(this.#write(put))
    }
    this.#dirty.clear()
    return told
  }

  commit(): void {
    this.#committed = new Map(this.#inner)
    this.#committedTime = this.streamTime
  }

  abort(): void {
    this.#inner = new Map(this.#committed)
    this.streamTime = this.#committedTime
    this.#cache.clear()
    this.#dirty.clear()
  }

  isLive({ time }: { readonly time: number }): boolean {
    return time >= this.streamTime - this.#reachMs
  }

  /** Whether it is in a segment that is kept, expired or not. */
  isKept({ time }: { readonly time: number }): boolean {
    const segmentMs = segmentInterval(this.#retentionMs)
    const oldest = Math.max(0, this.streamTime - this.#retentionMs)
    return Math.floor(time / segmentMs) >= Math.floor(oldest / segmentMs)
  }

  /** All that may be seen, in order; with the expired of the segments kept, if it is to. */
  rows(expiredToo = false): TimedRow[] {
    const seen = new Map(
      [...this.#inner].filter(([, row]) => (expiredToo ? this.isKept(row) : this.isLive(row)))
    )
    for (const [name, { row, value }] of this.#cache) {
      if (value === null) seen.delete(name)
      else seen.set(name, { ...row, value })
    }
    return [...seen.values()].sort(compareRows)
  }

  #write({ row, value }: Put): Told {
    const name = nameOf(row)
    const old = this.#old(name)
    this.streamTime = Math.max(this.streamTime, row.time)
    if (value === null) this.#inner.delete(name)
    else if (this.isKept(row)) this.#inner.set(name, { ...row, value })
    else this.expiredPuts++
    return { at: name, value, old, timestamp: row.timestamp }
  }

  #old(name: string): number | null {
    const row = this.#inner.get(name)
    return row !== undefined && this.isLive(row) ? row.value : null
  }
}
