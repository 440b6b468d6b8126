import type { ReferenceFile } from './reference-file.ts'

/**
 * What a version of a reference file says in the end. Of rows with one key that with the latest `valid_from` stands, wherever in the file it is,
 * and of those with the same the last; of a file with a history each row stands from its time on. Holds the file's keys in memory, and of
 * one with a history its values.
 */
export class StandingRows {
  readonly #latest = new Map<string, number>()
  readonly #history: Map<string, Map<number, unknown>> | undefined

  constructor({ hasHistory }: Pick<ReferenceFile, 'hasHistory'>) {
    this.#history = hasHistory === true ? new Map() : undefined
  }

  add(key: string, value: unknown, timestamp: number): void {
    if (this.#history === undefined) {
      this.#latest.set(key, Math.max(timestamp, this.#latest.get(key) ?? timestamp))
      return
    }
    const values = this.#history.get(key) ?? new Map<number, unknown>()
    this.#history.set(key, values.set(timestamp, value))
  }

  /** Whether a row of the version counts. */
  stands(key: string, timestamp: number): boolean {
    return this.#history !== undefined || timestamp >= (this.#latest.get(key) ?? timestamp)
  }

  /**
   * What a row of the version before is to be replaced with, at its time. Null: with nothing. Undefined: it is not, because the version has a row
   * in its place. A versioned table cannot forget a time, so what was in force before goes on from there.
   */
  instead(key: string, timestamp: number): unknown {
    if (this.#history === undefined) return this.#latest.has(key) ? undefined : null
    const values = this.#history.get(key)
    if (values?.has(timestamp)) return undefined
    let before = Number.NEGATIVE_INFINITY
    for (const time of values?.keys() ?? []) if (time < timestamp && time > before) before = time
    return values?.get(before) ?? null
  }
}
