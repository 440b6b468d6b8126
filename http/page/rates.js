/** A rate is that of so many looks: of some seconds, so that it does not jump. */
const looks = 6

/** Rates of counters, each counted by one process by its own clock. What a process counted that is gone, or that began anew, is forgotten. */
export class Rates {
  /** @type {Map<string, { at: number, values: Map<string, number> }[]>} */
  #seen = new Map()

  /**
   * What a process counted by then; its looks must come in order.
   *
   * @param {string} process
   * @param {number} at ms, by its clock
   * @param {Map<string, number>} values
   */
  take(process, at, values) {
    const seen = this.#seen.get(process) ?? []
    const last = seen.at(-1)
    // the same look again
    if (last !== undefined && last.at === at) return
    if (last !== undefined && (last.at > at || falls(last.values, values))) seen.length = 0
    seen.push({ at, values })
    if (seen.length > looks) seen.shift()
    this.#seen.set(process, seen)
  }

  /** @param {ReadonlySet<string>} processes those that there are */
  keep(processes) {
    for (const process of this.#seen.keys()) if (!processes.has(process)) this.#seen.delete(process)
  }

  /**
   * A second; 0 while it has been seen only once.
   *
   * @param {string} process
   * @param {string} counter
   */
  of(process, counter) {
    const seen = (this.#seen.get(process) ?? []).filter(({ values }) => values.has(counter))
    const [first, last] = [seen[0], seen.at(-1)]
    if (first === undefined || last === undefined || last.at <= first.at) return 0
    const grown = Number(last.values.get(counter)) - Number(first.values.get(counter))
    return (grown * 1000) / (last.at - first.at)
  }
}

/**
 * @param {Map<string, number>} before
 * @param {Map<string, number>} after
 */
function falls(before, after) {
  for (const [counter, value] of after) if (value < (before.get(counter) ?? 0)) return true
  return false
}
