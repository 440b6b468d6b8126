import type { PunctuationTime } from '../../processors/operator.ts'

interface Schedule {
  readonly intervalMs: number
  readonly time: PunctuationTime
  readonly callback: (timestamp: number) => void
  next: number
}

/**
 * The callbacks that processors asked for. Stream-time ones are first due at the first record and then on multiples of the interval;
 * wall-clock ones an interval after they were asked for. A jump over several intervals calls once. After `PunctuationQueue`.
 */
export class Punctuation {
  readonly #schedules = new Set<Schedule>()
  readonly #mustWait: () => boolean
  #waits = false

  /** @param mustWait asked before each callback: what is due stays due then */
  constructor(mustWait: () => boolean = () => false) {
    this.#mustWait = mustWait
  }

  schedule(
    intervalMs: number,
    time: PunctuationTime,
    now: number,
    callback: (timestamp: number) => void
  ): () => void {
    const schedule: Schedule = { intervalMs, time, callback, next: time === 'stream' ? 0 : now + intervalMs }
    this.#schedules.add(schedule)
    return () => this.#schedules.delete(schedule)
  }

  /** Calls what is due at `now` of that kind of time, the longest due first. Returns whether anything was. */
  run(time: PunctuationTime, now: number): boolean {
    if (this.#schedules.size === 0) return false
    let called = false
    for (let due = this.#longestDue(time, now); due !== undefined; due = this.#longestDue(time, now)) {
      if (this.#mustWait()) {
        this.#waits = true
        break
      }
      const missed = Math.floor((now - due.next) / due.intervalMs)
      due.next += (missed + 1) * due.intervalMs
      due.callback(now)
      called = true
    }
    return called
  }

  /** Calls what had to wait, if something had. */
  runWaiting(streamTime: number, now: number): boolean {
    if (!this.#waits) return false
    this.#waits = false
    const called = this.run('stream', streamTime)
    return this.run('wall-clock', now) || called
  }

  clear(): void {
    this.#schedules.clear()
  }

  #longestDue(time: PunctuationTime, now: number): Schedule | undefined {
    let due: Schedule | undefined
    for (const schedule of this.#schedules)
      if (schedule.time === time && schedule.next <= now && (due === undefined || schedule.next < due.next))
        due = schedule
    return due
  }
}
