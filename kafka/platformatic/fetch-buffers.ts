/** Smaller answers cost nothing to speak of. */
const leastBytes = 64 * 1024
/** Sizes are rounded up to a multiple of this, so that those of full answers are alike. */
const step = 256 * 1024
/** What is kept for later, of one consumer. */
const mostKept = 32 * 1024 * 1024

/**
 * Buffers of answers, used again when their owner has released them (see Fetched). Without this each million records leaves 200 MB to the
 * garbage collector, whose work is then a third of the whole.
 */
export class FetchBuffers {
  readonly #free: Buffer[] = []
  #kept = 0

  /** Exactly so many bytes, with anything in them. */
  take(size: number): Buffer {
    if (size < leastBytes) return Buffer.allocUnsafeSlow(size)
    const fits = (free: Buffer): boolean => free.length >= size && free.length <= 4 * size + step
    const index = this.#free.findIndex(fits)
    if (index < 0) return Buffer.allocUnsafeSlow(Math.ceil(size / step) * step).subarray(0, size)
    const [found] = this.#free.splice(index, 1)
    this.#kept -= found!.length
    return found!.subarray(0, size)
  }

  /** Takes back what `take` gave. Nobody may read it any more. */
  give(taken: Buffer): void {
    const whole = Buffer.from(taken.buffer, 0, taken.buffer.byteLength)
    if (taken.length < leastBytes || this.#kept + whole.length > mostKept) return
    this.#kept += whole.length
    this.#free.push(whole)
  }
}

/** One buffer that several partitions' batches point into: goes back when all of them are released. */
export class FetchLease {
  readonly #giveBack: (() => void) | undefined
  #holders = 1

  /** Undefined: the buffer is left to the garbage collector. */
  constructor(giveBack: (() => void) | undefined) {
    this.#giveBack = giveBack
  }

  /** One holder more. The function it gets may be called again without effect. */
  hold(): () => void {
    this.#holders++
    let held = true
    return () => {
      if (held) this.release()
      held = false
    }
  }

  /** Ends the first hold, that of the maker. */
  release(): void {
    if (--this.#holders === 0) this.#giveBack?.()
  }
}
