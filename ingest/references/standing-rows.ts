import type { ReferenceFile } from './reference-file.ts'

/** What a version of a reference file says in the end. Holds the file's keys in memory, and of one with a history its values. */
export class StandingRows {
  readonly #keys = new Set<string>()
  readonly #history: Map<string, Map<number, unknown>> | undefined

  constructor({ hasHistory }: Pick<ReferenceFile, 'hasHistory'>) {
    this.#history = hasHistory === true ? new Map() : undefined
  }

  add(key: string, value: unknown, timestamp: number): void {
    if (this.#history === undefined) {
      this.#keys.add(key)
      return
    }
    const values = this.#history.get(key) ?? new Map<number, unknown>()
    this.#history.set(key, values.set(timestamp, value))
  }

  /**
   * What a row of the version before is to be replaced with, at its time. Null: with nothing. Undefined: it is not, because the version has a row
   * in its place. A versioned table cannot forget a time, so what was in force before goes on from there.
   */
  instead(key: string, timestamp: number): unknown {
    if (this.#history === undefined) return this.#keys.has(key) ? undefined : null
    const values = this.#history.get(key)
    if (values?.has(timestamp)) return undefined
    let before = Number.NEGATIVE_INFINITY
    for (const time of values?.keys() ?? []) if (time < timestamp && time > before) before = time
    return values?.get(before) ?? null
  }
}
