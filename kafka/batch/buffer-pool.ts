/**
 * Buffers for open batches, handed out again when a batch is acknowledged. Shared by the partitions of a producer, so that an idle
 * partition holds none.
 */
export class BufferPool {
  readonly #bufferBytes: number
  readonly #most: number
  readonly #free: Buffer[] = []

  constructor(bufferBytes = 144 * 1024, most = 64) {
    this.#bufferBytes = bufferBytes
    this.#most = most
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bufferBytes)
  }

  /** Takes a buffer back. One that has grown for a rare large record is let go instead of kept for ever. */
  recycle(buffer: Buffer): void {
    if (buffer.length < this.#bufferBytes || buffer.length > 2 * this.#bufferBytes) return
    if (this.#free.length < this.#most) this.#free.push(buffer)
  }
}
