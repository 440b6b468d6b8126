import { StreamsError } from './errors.ts'

/** A key within a window `[start, end)` of event time, in milliseconds. */
export interface Windowed<K> {
  readonly key: K
  readonly start: number
  readonly end: number
}

/**
 * Fixed windows over event time, aligned to the epoch. A window takes records until stream time reaches its end plus
 * the grace; later ones are dropped and counted. After Kafka Streams' `TimeWindows`.
 */
export class TimeWindows {
  readonly sizeMs: number
  readonly graceMs: number

  private constructor(sizeMs: number, graceMs: number) {
    if (!Number.isSafeInteger(sizeMs) || sizeMs <= 0)
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `a window's size must be a positive number of ms, not ${sizeMs}`
      )
    if (!Number.isSafeInteger(graceMs) || graceMs < 0)
      throw new StreamsError('TOPOLOGY_INVALID', `a window's grace must be 0 ms or more, not ${graceMs}`)
    this.sizeMs = sizeMs
    this.graceMs = graceMs
  }

  static ofSizeWithNoGrace(sizeMs: number): TimeWindows {
    return new TimeWindows(sizeMs, 0)
  }

  static ofSizeAndGrace(sizeMs: number, graceMs: number): TimeWindows {
    return new TimeWindows(sizeMs, graceMs)
  }

  /** Start of the window that holds this timestamp. */
  startOf(timestamp: number): number {
    return timestamp - (timestamp % this.sizeMs)
  }
}
