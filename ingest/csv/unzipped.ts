import { createGunzip } from 'node:zlib'
import { noBytes, StreamsError } from '../../index.ts'

/** A block unpacks to 4 MiB at most, since deflate makes no more than 1,032 bytes of one. */
const blockBytes = 4 * 1024

/**
 * The content of a gzip file. What comes before damage depends on the file's bytes alone, not on their pieces and on time: the rows that were read of a
 * damaged file can be found again. For that the bytes are unpacked in blocks of one size, and a block is given whole, or not at all if it is damaged.
 * Throws FILE_UNREADABLE for damage, and what `compressed` throws.
 */
export async function* unzipped(compressed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  let unpacked: Buffer[] = []
  let ended = false
  let settle: { resolve(): void; reject(error: unknown): void } | undefined
  gunzip.on('data', (piece: Buffer) => unpacked.push(piece))
  // also where something else follows the last member: then what was written is not acknowledged
  gunzip.on('end', () => {
    ended = true
    settle?.resolve()
  })
  gunzip.on('error', (error) => settle?.reject(error))
  /** All that the block unpacks to. */
  const unpack = async (write: (done: () => void) => void): Promise<Buffer[]> => {
    await new Promise<void>((resolve, reject) => {
      settle = { resolve, reject }
      write(resolve)
    })
    while (gunzip.read() !== null) {
      // it is given to the listener
    }
    const all = unpacked
    unpacked = []
    return all
  }
  try {
    for await (const block of inBlocks(compressed)) {
      yield* await unpack((done) => gunzip.write(block, done))
      if (ended) return
    }
    yield* await unpack(() => gunzip.end())
  } catch (error) {
    // zlib's own; anything else comes from the body
    if (!String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error
    throw new StreamsError('FILE_UNREADABLE', `it is damaged gzip: ${(error as Error).message}`, error)
  } finally {
    gunzip.destroy()
  }
}

/** The same bytes in blocks of one size; the last may be smaller. */
async function* inBlocks(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = noBytes
  for await (const piece of pieces) {
    const held = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    let at = 0
    for (; at + blockBytes <= held.length; at += blockBytes) yield held.subarray(at, at + blockBytes)
    rest = held.subarray(at)
  }
  if (rest.length > 0) yield rest
}
