import { GrowableBytes } from '../../core/bytes.ts'
import { string } from '../../core/serdes/string.ts'
import type { KeysAhead } from '../../state/buffer/keys-ahead.ts'

/** Keys to prefetch, as a cursor over records has them. Stands on the first. */
export class TextKeys implements KeysAhead {
  readonly #bytes = new GrowableBytes()
  readonly #ends: number[] = []
  #at = 0

  constructor(keys: readonly string[]) {
    let end = 0
    for (const key of keys) {
      end = string().encode(key, this.#bytes, end)
      this.#ends.push(end)
    }
  }

  get buffer(): Buffer {
    return this.#bytes.buffer
  }

  get keyStart(): number {
    return this.#at === 0 ? 0 : (this.#ends[this.#at - 1] as number)
  }

  get keyEnd(): number {
    return this.#ends[this.#at] as number
  }

  next(): boolean {
    if (this.#at + 1 >= this.#ends.length) return false
    this.#at++
    return true
  }
}
