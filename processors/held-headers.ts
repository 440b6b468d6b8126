import { type Headers, noHeaders } from '../core/record.ts'
import type { OperatorContext } from './operator.ts'

/** The headers of changes that wait in a write buffer: each leaves with those of its last record. Holds only what is not empty. */
export class HeldHeaders {
  readonly #held = new Map<unknown, Headers>()

  constructor(context: Pick<OperatorContext, 'beforeCommit'>) {
    // by then all changes have left; what remains belongs to keys that came and went meanwhile, of which a buffer tells nothing
    context.beforeCommit(() => this.#held.clear())
  }

  keep(key: unknown, time: number, headers: Headers): void {
    if (headers.length > 0) this.#held.set(idOf(key, time), headers)
    else if (this.#held.size > 0) this.#held.delete(idOf(key, time))
  }

  take(key: unknown, time: number): Headers {
    if (this.#held.size === 0) return noHeaders
    const id = idOf(key, time)
    const headers = this.#held.get(id)
    if (headers === undefined) return noHeaders
    this.#held.delete(id)
    return headers
  }
}

function idOf(key: unknown, time: number): unknown {
  return time === 0 && typeof key !== 'object' ? key : JSON.stringify([time, key])
}
