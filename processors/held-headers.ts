import { type Headers, noHeaders } from '../core/record.ts'
import type { OperatorContext } from './operator.ts'

/** The headers of changes that wait in a write buffer: each leaves with those of its last record. Holds only what is not empty. */
export class HeldHeaders<K> {
  readonly #held = new Map<string, Headers>()
  readonly #keyText: (key: K) => string

  /** @param keyText what tells keys apart as the store does: their bytes as text */
  constructor(context: Pick<OperatorContext, 'beforeCommit'>, keyText: (key: K) => string) {
    this.#keyText = keyText
    // by then all changes have left; what remains belongs to keys that came and went meanwhile, of which a buffer tells nothing
    context.beforeCommit(() => this.#held.clear())
  }

  /** `time` and `sub` tell the entries of a key apart, where a store has several. */
  keep(key: K, time: number, sub: number, headers: Headers): void {
    if (headers.length > 0) this.#held.set(this.#idOf(key, time, sub), headers)
    else if (this.#held.size > 0) this.#held.delete(this.#idOf(key, time, sub))
  }

  take(key: K, time: number, sub: number): Headers {
    if (this.#held.size === 0) return noHeaders
    const id = this.#idOf(key, time, sub)
    const headers = this.#held.get(id)
    if (headers === undefined) return noHeaders
    this.#held.delete(id)
    return headers
  }

  #idOf(key: K, time: number, sub: number): string {
    return `${time} ${sub} ${this.#keyText(key)}`
  }
}
