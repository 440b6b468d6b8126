import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** CRC32C (Castagnoli) of all the bytes, unsigned. The native build where there is one for this platform, else WebAssembly. */
export const crc32c: (bytes: Uint8Array) => number = load()

function load(): (bytes: Uint8Array) => number {
  try {
    const native = require('@node-rs/crc32') as typeof import('@node-rs/crc32')
    // optional parameters of a native function must not be fed by map() and the like
    return (bytes) => native.crc32c(bytes)
  } catch {
    const portable = require('@platformatic/kafka') as typeof import('@platformatic/kafka')
    return (bytes) => portable.crc32c(bytes)
  }
}
