/*
 * Variable-length integers as Kafka's record format has them: 7 bits a byte, the lowest first, the high bit set on all but
 * the last byte; signed ones are zig-zagged first (0, -1, 1, -2 ... become 0, 1, 2, 3 ...).
 *
 * Everything here works on doubles, exact up to 2^53: timestamp deltas pass 2^31, and a BigInt costs an allocation.
 */

export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

/** Bytes that a zig-zagged value takes. */
export function varintSize(zigzagged: number): number {
  let size = 1
  for (let rest = zigzagged; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

/** Writes a zig-zagged value and returns the end. The caller has made sure of the room, at most 8 bytes. */
export function writeVarint(buffer: Buffer, at: number, zigzagged: number): number {
  let rest = zigzagged
  let end = at
  // bit operations are exact below 2^31 only, and much cheaper there
  while (rest >= 2147483648) {
    buffer[end++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  while (rest > 127) {
    buffer[end++] = (rest & 127) | 128
    rest >>>= 7
  }
  buffer[end++] = rest
  return end
}
