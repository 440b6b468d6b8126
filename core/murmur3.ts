const mask = 0xffff_ffff_ffff_ffffn
const c1 = 0x87c3_7b91_1142_53d5n
const c2 = 0x4cf5_ad43_2745_937fn
const seed = 104729n

/** MurmurHash3, x64, 128 bits, with the seed that Kafka Streams uses: 16 bytes. For comparing values, not for secrets. */
export function murmur3(bytes: Buffer): Buffer {
  let h1 = seed
  let h2 = seed
  const blocks = bytes.length >> 4
  for (let i = 0; i < blocks; i++) {
    h1 ^= mixFirst(bytes.readBigUInt64LE(i * 16))
    h1 = (rotate(h1, 27n) + h2) & mask
    h1 = (h1 * 5n + 0x52dce729n) & mask
    h2 ^= mixSecond(bytes.readBigUInt64LE(i * 16 + 8))
    h2 = (rotate(h2, 31n) + h1) & mask
    h2 = (h2 * 5n + 0x38495ab5n) & mask
  }
  const tail = Buffer.alloc(16)
  bytes.copy(tail, 0, blocks * 16)
  h1 ^= mixFirst(tail.readBigUInt64LE(0))
  h2 ^= mixSecond(tail.readBigUInt64LE(8))
  const length = BigInt(bytes.length)
  h1 ^= length
  h2 ^= length
  h1 = (h1 + h2) & mask
  h2 = (h2 + h1) & mask
  h1 = finish(h1)
  h2 = finish(h2)
  h1 = (h1 + h2) & mask
  h2 = (h2 + h1) & mask
  const hash = Buffer.allocUnsafe(16)
  hash.writeBigUInt64BE(h1, 0)
  hash.writeBigUInt64BE(h2, 8)
  return hash
}

function mixFirst(k: bigint): bigint {
  return (rotate((k * c1) & mask, 31n) * c2) & mask
}

function mixSecond(k: bigint): bigint {
  return (rotate((k * c2) & mask, 33n) * c1) & mask
}

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & mask
}

function finish(h: bigint): bigint {
  let mixed = h ^ (h >> 33n)
  mixed = (mixed * 0xff51_afd7_ed55_8ccdn) & mask
  mixed ^= mixed >> 33n
  mixed = (mixed * 0xc4ce_b9fe_1a85_ec53n) & mask
  return mixed ^ (mixed >> 33n)
}
