const two32 = 4294967296

/** Writes a whole number within ±2^53 as int64, big-endian. Byte by byte: Buffer's own methods check more than is needed here. */
export function writeInt64(target: Buffer, at: number, value: number): void {
  const high = Math.floor(value / two32)
  const low = value - high * two32
  target[at] = high >> 24
  target[at + 1] = high >> 16
  target[at + 2] = high >> 8
  target[at + 3] = high
  target[at + 4] = low >>> 24
  target[at + 5] = low >>> 16
  target[at + 6] = low >>> 8
  target[at + 7] = low
}

/** Reads an int64 as a double: exact within ±2^53. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * two32 + bytes.readUInt32BE(at + 4)
}
