import { createRequire } from 'node:module'
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Compression } from '../port/producer.ts'

const require = createRequire(import.meta.url)

interface Codec {
  compress(bytes: Buffer): Buffer
  decompress(bytes: Buffer): Buffer
}

/** Bits 0 to 2 of a batch's attributes. */
export const compressionBits: Readonly<Record<Compression, number>> = {
  none: 0,
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4
}

// level 1: a third of the CPU of the default level, and records of one kind compress well at any
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

const codecs: Readonly<Record<Exclude<Compression, 'none'>, Codec>> = {
  gzip: { compress: (bytes) => gzipSync(bytes), decompress: (bytes) => gunzipSync(bytes) },
  // written without framing, which every client reads; read with Java's framing (xerial), too
  snappy: {
    compress: (bytes) => library().snappy.compressSync(bytes),
    decompress: (bytes) => library().snappy.decompressSync(bytes)
  },
  lz4: {
    compress: (bytes) => library().lz4.compressSync(bytes),
    decompress: (bytes) => library().lz4.decompressSync(bytes)
  },
  zstd: {
    compress: (bytes) => zstdCompressSync(bytes, zstdOptions),
    decompress: (bytes) => zstdDecompressSync(bytes)
  }
}

const byBits: readonly (Codec | undefined)[] = [
  undefined,
  codecs.gzip,
  codecs.snappy,
  codecs.lz4,
  codecs.zstd
]

export function compress(compression: Exclude<Compression, 'none'>, bytes: Buffer): Buffer {
  return codecs[compression].compress(bytes)
}

/** Undoes the compression that a batch's attribute bits name. Throws a plain error on bad bytes or unknown bits. */
export function decompress(bits: number, bytes: Buffer): Buffer {
  const codec = byBits[bits]
  if (codec === undefined) throw new Error(`unknown compression ${bits}`)
  return codec.decompress(bytes)
}

/** Loaded at first use: the test driver, which compresses nothing, starts half a second sooner. */
function library(): typeof import('@platformatic/kafka').compressionsAlgorithms {
  return (require('@platformatic/kafka') as typeof import('@platformatic/kafka')).compressionsAlgorithms
}
