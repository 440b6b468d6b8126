/** Smaller answers cost nothing to speak of. */
const leastBytes = 64 * 1024
/** Sizes are rounded up to a multiple of this, so that those of full answers are alike. */
const step = 64 * 1024
/** What is kept for later, of one consumer. */
const mostKept = 32 * 1024 * 1024
/** What may be out beyond twice the bytes that are read, before parts of answers are copied. */
const slackBytes = 16 * 1024 * 1024

/**
 * Buffers of answers, used again when their owner has released them (see Fetched). Without this each million records leaves 200 MB to the
 * garbage collector, whose work is then a third of the whole.
 */
export class FetchBuffers {
  readonly #free: Buffer[] = []
  #kept = 0
  #out = 0
  #read = 0

  /**
   * Most of what is out is read no more, and waits for the rest: of partitions that came with one answer, one may be read long after the
   * others.
   */
  get scattered(): boolean {
    return this.#out > 2 * this.#read + slackBytes
  }

  /** Exactly so many bytes, with anything in them. */
  take(size: number): Buffer {
    const whole = this.#reuse(size) ?? Buffer.allocUnsafeSlow(size < leastBytes ? size : roundedUp(size))
    this.#out += whole.length
    return whole.subarray(0, size)
  }

  /** Takes back what `take` gave. Nobody may read it any more. */
  give(taken: Buffer): void {
    const whole = Buffer.from(taken.buffer, 0, taken.buffer.byteLength)
    this.#out -= whole.length
    if (taken.length < leastBytes || this.#kept + whole.length > mostKept) return
    this.#kept += whole.length
    this.#free.push(whole)
  }

  /** So many bytes more, or less, are read by somebody. */
  reads(bytes: number): void {
    this.#read += bytes
  }

  /** The smallest that has room, unless most of it would stay empty. */
  #reuse(size: number): Buffer | undefined {
    let best = -1
    let length = 2 * size + 1
    if (size >= leastBytes)
      this.#free.forEach((free, index) => {
        if (free.length < size || free.length >= length) return
        best = index
        length = free.length
      })
    if (best < 0) return undefined
    this.#kept -= length
    return this.#free.splice(best, 1)[0]
  }
}

function roundedUp(size: number): number {
  return Math.ceil(size / step) * step
}

/** What is read of a buffer until it is released; that may be called again without effect. */
export interface HeldBytes {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly release: () => void
}

/** One buffer that several partitions' batches point into: goes back when all of them are released. */
export class FetchLease {
  readonly #bytes: Buffer
  readonly #buffers: FetchBuffers | undefined
  #holders = 1

  /** @param buffers where the bytes are from; undefined: they are left to the garbage collector */
  constructor(bytes: Buffer, buffers?: FetchBuffers) {
    this.#bytes = bytes
    this.#buffers = buffers
  }

  /** One holder more, of `[start, end)`; or a copy of these, where it would keep too much beside them. */
  hold(start: number, end: number): HeldBytes {
    const size = end - start
    if (this.#buffers?.scattered === true && 2 * size < this.#bytes.buffer.byteLength)
      return this.#copied(this.#buffers, start, end)
    return this.#held(start, end)
  }

  /** Ends the first hold, that of the maker. */
  release(): void {
    if (--this.#holders === 0) this.#buffers?.give(this.#bytes)
  }

  #held(start: number, end: number): HeldBytes {
    const size = end - start
    this.#holders++
    this.#buffers?.reads(size)
    let held = true
    const release = (): void => {
      if (!held) return
      held = false
      this.#buffers?.reads(-size)
      this.release()
    }
    return { bytes: this.#bytes, start, end, release }
  }

  #copied(buffers: FetchBuffers, start: number, end: number): HeldBytes {
    const copy = buffers.take(end - start)
    this.#bytes.copy(copy, 0, start, end)
    const lease = new FetchLease(copy, buffers)
    const held = lease.#held(0, copy.length)
    lease.release()
    return held
  }
}
