const multiplier = 0x5bd1e995
const seed = 0x9747b28c

/** Kafka's murmur2 of `bytes[start, end)`, a signed 32-bit integer. */
export function murmur2(bytes: Buffer, start: number, end: number): number {
  const length = end - start
  const wordsEnd = start + (length & ~3)
  let hash = seed ^ length
  for (let i = start; i < wordsEnd; i += 4) {
    let word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24)
    word = Math.imul(word, multiplier)
    word ^= word >>> 24
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier)
  }
  const left = length & 3
  if (left === 3) hash ^= (bytes[wordsEnd + 2] as number) << 16
  if (left >= 2) hash ^= (bytes[wordsEnd + 1] as number) << 8
  if (left >= 1) hash = Math.imul(hash ^ (bytes[wordsEnd] as number), multiplier)
  hash ^= hash >>> 13
  hash = Math.imul(hash, multiplier)
  return hash ^ (hash >>> 15)
}

/**
 * The partition Kafka's default partitioner chooses for a key: clients in other languages send it there, too. A stream that is written to a topic goes by
 * the key without its window: for those `end` is `windowBytes` of the key's serde before the end.
 */
export function partitionForKey(bytes: Buffer, start: number, end: number, partitions: number): number {
  return (murmur2(bytes, start, end) & 0x7fffffff) % partitions
}
