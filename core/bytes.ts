/**
 * Where encoders write. `reserve(at, size)` makes `buffer[at, at + size)` writable and keeps what is before `at`;
 * it may replace `buffer`, so an encoder reads `target.buffer` again after each call.
 */
export interface ByteTarget {
  buffer: Buffer
  reserve(at: number, size: number): void
}

/** A byte target that doubles as it grows. Reused for one value after the other, never shrunk. */
export class GrowableBytes implements ByteTarget {
  buffer: Buffer

  constructor(initialBytes = 1024) {
    this.buffer = Buffer.allocUnsafeSlow(initialBytes)
  }

  reserve(at: number, size: number): void {
    const needed = at + size
    if (needed <= this.buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(grown, 0, 0, at)
    this.buffer = grown
  }
}

export const noBytes: Buffer = Buffer.alloc(0)

/** Copies `source[start, end)` into `target` at `at` and returns the end. Short runs by hand: a native call costs more. */
export function copyBytes(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  const length = end - start
  if (length > 48) source.copy(target, at, start, end)
  else for (let i = 0; i < length; i++) target[at + i] = source[start + i] as number
  return at + length
}
