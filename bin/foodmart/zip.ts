import { inflateRawSync } from 'node:zlib'

/*
 * What is needed of the zip format, little-endian:
 *
 *   end of the central directory, the file's last 22 bytes or more (a comment may follow it):
 *     'PK' 5 6 | 6 bytes | uint16 entries | uint32 directory size | uint32 directory offset | comment
 *   directory entry:
 *     'PK' 1 2 | 6 | uint16 method | 8 | uint32 packed size | uint32 size | uint16 lengths of name, extra, comment | 8 |
 *     uint32 offset of the local header | name, extra, comment
 *   local header:
 *     'PK' 3 4 | 22 | uint16 lengths of name, extra | name, extra | the packed bytes
 */
const endMark = 0x06054b50
const entryMark = 0x02014b50
const stored = 0
const deflated = 8

/** Reads one entry of a zip file (a jar is one), or undefined when there is none of that name. */
export function readZipEntry(zip: Buffer, name: string): Buffer | undefined {
  const end = findEnd(zip)
  const entries = zip.readUInt16LE(end + 10)
  let at = zip.readUInt32LE(end + 16)
  for (let i = 0; i < entries; i++) {
    if (zip.readUInt32LE(at) !== entryMark)
      throw new Error('the zip file is damaged: its directory is broken off')
    const nameLength = zip.readUInt16LE(at + 28)
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === name) return unpack(zip, at, name)
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return undefined
}

function findEnd(zip: Buffer): number {
  for (let at = zip.length - 22; at >= 0; at--) if (zip.readUInt32LE(at) === endMark) return at
  throw new Error('this is no zip file')
}

function unpack(zip: Buffer, entry: number, name: string): Buffer {
  const method = zip.readUInt16LE(entry + 10)
  const packedSize = zip.readUInt32LE(entry + 20)
  const local = zip.readUInt32LE(entry + 42)
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
  const packed = zip.subarray(start, start + packedSize)
  if (method === stored) return packed
  if (method === deflated) return inflateRawSync(packed)
  throw new Error(`the zip file packs ${name} with method ${method}, which is not read here`)
}
