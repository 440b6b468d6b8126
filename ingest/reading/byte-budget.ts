interface Waiting {
  readonly bytes: number
  readonly grant: () => void
}

/**
 * Bounds the bytes that are read and not yet handed on, over all files of the process. Buckets take turns: a bucket with many files waiting
 * gets no more than one with a single file.
 */
export class ByteBudget {
  readonly #total: number
  #used = 0
  /** The bucket whose turn is next comes first. */
  readonly #waiting = new Map<string, Waiting[]>()

  constructor(total: number) {
    this.#total = total
  }

  get used(): number {
    return this.#used
  }

  /** Resolves when there is room. More than the whole budget is let through when nothing else is out. Rejects when aborted. */
  async take(bytes: number, bucket: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#waiting.size === 0 && this.#fits(bytes)) {
      this.#used += bytes
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting: Waiting = { bytes, grant: resolve }
    const queue = this.#waiting.get(bucket)
    if (queue === undefined) this.#waiting.set(bucket, [waiting])
    else queue.push(waiting)
    const abort = () => {
      this.#forget(bucket, waiting)
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    try {
      await promise
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  give(bytes: number): void {
    this.#used -= bytes
    this.#serve()
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#total
  }

  #serve(): void {
    for (;;) {
      const first = this.#waiting.entries().next()
      if (first.done === true) return
      const [bucket, queue] = first.value
      const [waiting] = queue as [Waiting]
      if (!this.#fits(waiting.bytes)) return
      queue.shift()
      // to the end of the line
      this.#waiting.delete(bucket)
      if (queue.length > 0) this.#waiting.set(bucket, queue)
      this.#used += waiting.bytes
      waiting.grant()
    }
  }

  #forget(bucket: string, waiting: Waiting): void {
    const queue = this.#waiting.get(bucket)
    const at = queue?.indexOf(waiting) ?? -1
    if (queue === undefined || at < 0) return
    queue.splice(at, 1)
    if (queue.length === 0) this.#waiting.delete(bucket)
    this.#serve()
  }
}
