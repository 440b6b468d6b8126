import { StreamsError } from './errors.ts'

/** A key within a window of event time, in milliseconds. The end is not part of the window, but that of a session or a sliding window is. */
export interface Windowed<K> {
  readonly key: K
  readonly start: number
  readonly end: number
}

/**
 * Fixed windows over event time, aligned to the epoch: tumbling, or hopping where they advance by less than their size. A window takes
 * records until stream time reaches its end plus the grace; later ones are dropped and counted. After Kafka Streams' `TimeWindows`.
 */
export class TimeWindows {
  readonly kind = 'time'
  readonly sizeMs: number
  readonly graceMs: number
  readonly advanceMs: number

  private constructor(sizeMs: number, graceMs: number, advanceMs: number) {
    this.sizeMs = positive('size', sizeMs)
    this.graceMs = notNegative('grace', graceMs)
    this.advanceMs = positive('advance', advanceMs)
    if (advanceMs > sizeMs)
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `windows of ${sizeMs} ms cannot advance by ${advanceMs} ms: records in between would be in none`
      )
  }

  static ofSizeWithNoGrace(sizeMs: number): TimeWindows {
    return new TimeWindows(sizeMs, 0, sizeMs)
  }

  static ofSizeAndGrace(sizeMs: number, graceMs: number): TimeWindows {
    return new TimeWindows(sizeMs, graceMs, sizeMs)
  }

  /** Hopping windows: one begins every `advanceMs`. */
  advanceBy(advanceMs: number): TimeWindows {
    return new TimeWindows(this.sizeMs, this.graceMs, advanceMs)
  }

  /** Start of the earliest window that holds this timestamp; the others follow by `advanceMs`, up to the timestamp itself. */
  firstStart(timestamp: number): number {
    const from = Math.max(0, timestamp - this.sizeMs + this.advanceMs)
    return from - (from % this.advanceMs)
  }
}

/**
 * Windows that end or begin at a record: each holds the records that are at most `differenceMs` apart, both ends included. After
 * Kafka Streams' `SlidingWindows`.
 */
export class SlidingWindows {
  readonly kind = 'sliding'
  readonly differenceMs: number
  readonly graceMs: number

  private constructor(differenceMs: number, graceMs: number) {
    this.differenceMs = notNegative('time difference', differenceMs)
    this.graceMs = notNegative('grace', graceMs)
  }

  static ofTimeDifferenceWithNoGrace(differenceMs: number): SlidingWindows {
    return new SlidingWindows(differenceMs, 0)
  }

  static ofTimeDifferenceAndGrace(differenceMs: number, graceMs: number): SlidingWindows {
    return new SlidingWindows(differenceMs, graceMs)
  }
}

/**
 * Windows of activity: records of a key belong to one session while no gap between them is longer than `gapMs`. After Kafka Streams'
 * `SessionWindows`.
 */
export class SessionWindows {
  readonly kind = 'session'
  readonly gapMs: number
  readonly graceMs: number

  private constructor(gapMs: number, graceMs: number) {
    this.gapMs = positive('inactivity gap', gapMs)
    this.graceMs = notNegative('grace', graceMs)
  }

  static ofInactivityGapWithNoGrace(gapMs: number): SessionWindows {
    return new SessionWindows(gapMs, 0)
  }

  static ofInactivityGapAndGrace(gapMs: number, graceMs: number): SessionWindows {
    return new SessionWindows(gapMs, graceMs)
  }
}

/**
 * How far apart two records may be to be joined: the other stream's at most `beforeMs` earlier and `afterMs` later. Negative values
 * exclude times near the record. After Kafka Streams' `JoinWindows`.
 */
export class JoinWindows {
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number

  private constructor(beforeMs: number, afterMs: number, graceMs: number) {
    this.beforeMs = beforeMs
    this.afterMs = afterMs
    this.graceMs = notNegative('grace', graceMs)
    if (!Number.isSafeInteger(beforeMs) || !Number.isSafeInteger(afterMs) || beforeMs + afterMs < 0)
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `a join window from ${beforeMs} ms before to ${afterMs} ms after holds nothing`
      )
  }

  static ofTimeDifferenceWithNoGrace(differenceMs: number): JoinWindows {
    return new JoinWindows(differenceMs, differenceMs, 0)
  }

  static ofTimeDifferenceAndGrace(differenceMs: number, graceMs: number): JoinWindows {
    return new JoinWindows(differenceMs, differenceMs, graceMs)
  }

  before(beforeMs: number): JoinWindows {
    return new JoinWindows(beforeMs, this.afterMs, this.graceMs)
  }

  after(afterMs: number): JoinWindows {
    return new JoinWindows(this.beforeMs, afterMs, this.graceMs)
  }

  get sizeMs(): number {
    return this.beforeMs + this.afterMs
  }
}

function positive(what: string, ms: number): number {
  if (!Number.isSafeInteger(ms) || ms <= 0)
    throw new StreamsError(
      'TOPOLOGY_INVALID',
      `a window's ${what} must be a positive number of ms, not ${ms}`
    )
  return ms
}

function notNegative(what: string, ms: number): number {
  if (!Number.isSafeInteger(ms) || ms < 0)
    throw new StreamsError('TOPOLOGY_INVALID', `a window's ${what} must be 0 ms or more, not ${ms}`)
  return ms
}
