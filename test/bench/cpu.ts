import type { Figures } from './case.ts'

/** CPU and time of this process from here on. CPU seconds per million records and µs a record are the same number. */
export class Cost {
  readonly #cpu = process.cpuUsage()
  readonly #began = performance.now()

  of(records: number): Figures {
    const { user, system } = process.cpuUsage(this.#cpu)
    const seconds = (performance.now() - this.#began) / 1000
    return {
      'CPU µs/record': (user + system) / records,
      'of which system': system / records,
      'seconds/M': (seconds / records) * 1e6
    }
  }
}
