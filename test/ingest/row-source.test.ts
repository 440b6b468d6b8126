import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openRows } from '../../ingest/row-source.ts'

const text = `a,b\n${Array.from({ length: 3_000 }, (_, i) => `${i},"x\ny"\n`).join('')}`

async function read(body: Readable): Promise<{ header: string; text: string; rows: number; bytes: number }> {
  let bytes = 0
  const source = await openRows(body, {
    onBytes: (more) => {
      bytes += more
    }
  })
  let all = ''
  let rows = 0
  for await (const chunk of source.chunks) {
    all += chunk.text
    rows += chunk.rows
  }
  return { header: source.header, text: all, rows, bytes }
}

function inPieces(bytes: Buffer, size: number): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    })()
  )
}

describe('openRows', () => {
  it.each([1, 1_000, 1_000_000])('reads plain and gzip alike, in pieces of %i bytes', async (size) => {
    const plain = Buffer.from(text)
    const zipped = gzipSync(plain)
    const expected = { header: 'a,b', text: text.slice(4), rows: 3_000 }
    expect(await read(inPieces(plain, size))).toEqual({ ...expected, bytes: plain.length })
    expect(await read(inPieces(zipped, size))).toEqual({ ...expected, bytes: zipped.length })
  })

  it('reads gzip of several members', async () => {
    const zipped = Buffer.concat([gzipSync('a\n1\n'), gzipSync('2\n')])
    expect(await read(inPieces(zipped, 1))).toMatchObject({ text: '1\n2\n', rows: 2 })
  })

  it('tells damaged gzip and empty files from a connection that breaks', async () => {
    const zipped = gzipSync(Buffer.from(text))
    await expect(read(inPieces(zipped.subarray(0, -20), 100))).rejects.toThrow(
      expect.objectContaining({ code: 'FILE_UNREADABLE', message: expect.stringContaining('damaged gzip') })
    )
    await expect(read(Readable.from([]))).rejects.toThrow('it is empty: there is no header line')
    await expect(read(Readable.from([gzipSync('')]))).rejects.toThrow('it is empty')
    for (const bytes of [zipped, Buffer.from(text)]) {
      const broken = Readable.from(
        (function* () {
          yield bytes.subarray(0, 200)
          throw new Error('connection reset')
        })()
      )
      await expect(read(broken)).rejects.toThrow(
        expect.objectContaining({
          code: 'OBJECT_STORE_UNAVAILABLE',
          message: expect.stringContaining('connection reset')
        })
      )
    }
  })

  it('lets go of the body when the reader stops early', async () => {
    for (const bytes of [gzipSync(Buffer.from(text)), Buffer.from(text)]) {
      const body = inPieces(bytes, 100)
      const source = await openRows(body, { chunkBytes: 100 })
      for await (const _chunk of source.chunks) break
      expect(body.destroyed).toBe(true)
    }
  })
})
