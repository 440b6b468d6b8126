import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openRows, resumeRows } from '../../ingest/csv/row-source.ts'
import type { RowChunk } from '../../ingest/csv/row-splitter.ts'
import type { TextEncoding } from '../../ingest/csv/windows-1252.ts'

const text = `a,b\n${Array.from({ length: 1_000 }, (_, i) => `${i},"x\ny"\n`).join('')}`

async function read(
  body: Readable,
  encoding: TextEncoding = 'auto'
): Promise<{ header: string; text: string; rows: number; bytes: number }> {
  let bytes = 0
  const source = await openRows(body, {
    encoding,
    onBytes: (more) => {
      bytes += more
    }
  })
  let all = ''
  let rows = 0
  for await (const chunk of source.chunks) {
    all += chunk.content.toString()
    rows += chunk.rows
  }
  return { header: source.form.csvHeader, text: all, rows, bytes }
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
    const expected = { header: 'a,b', text: text.slice(4), rows: 1_000 }
    expect(await read(inPieces(plain, size))).toEqual({ ...expected, bytes: plain.length })
    expect(await read(inPieces(zipped, size))).toEqual({ ...expected, bytes: zipped.length })
  })

  it('reads gzip of several members', async () => {
    const zipped = Buffer.concat([gzipSync('a\n1\n'), gzipSync('2\n')])
    expect(await read(inPieces(zipped, 1))).toMatchObject({ text: '1\n2\n', rows: 2 })
  })

  it('reads UTF-16 and the byte order mark of UTF-8, wherever the bytes are divided', async () => {
    const wide = `id,name\n${Array.from({ length: 300 }, (_, i) => `${i},é🙂\ufffd\n`).join('')}`
    const expected = { header: 'id,name', text: wide.slice(8), rows: 300 }
    for (const size of [1, 3, 1_000]) {
      for (const bytes of [
        Buffer.from(`\ufeff${wide}`, 'utf16le'),
        Buffer.from(`\ufeff${wide}`, 'utf16le').swap16(),
        gzipSync(Buffer.from(`\ufeff${wide}`, 'utf16le')),
        Buffer.from(`\ufeff${wide}`)
      ])
        expect(await read(inPieces(bytes, size))).toMatchObject(expected)
    }
    const half = Buffer.from(`\ufeff${wide}x`, 'utf16le')
    expect(await read(inPieces(half.subarray(0, -1), 7))).toMatchObject({ text: `${wide.slice(8)}\ufffd` })
  })

  it('goes on where a chunk ended', async () => {
    const bytes = Buffer.from(`\ufeff${text}`)
    const { form, chunks } = await openRows(inPieces(bytes, 999), { chunkBytes: 2_000 })
    const all: RowChunk[] = []
    for await (const chunk of chunks) all.push(chunk)
    const { end, firstRow, rows } = all[2] as RowChunk
    const rest: RowChunk[] = []
    const options = { chunkBytes: 2_000, skipRows: firstRow - 1 + rows }
    for await (const chunk of resumeRows(inPieces(bytes.subarray(end), 77), { form, at: end }, options))
      rest.push(chunk)
    expect(rest).toEqual(all.slice(3))
  })

  it('reads rows that are not UTF-8 as windows-1252, if not told otherwise, and refuses one that gets too long by it', async () => {
    const bytes = Buffer.concat([Buffer.from('a,b\n1,é\n'), Buffer.from('2,\x80\xe9\n', 'latin1')])
    expect((await read(inPieces(bytes, 4))).text).toBe('1,é\n2,€é\n')
    expect((await read(inPieces(bytes, 4), 'windows-1252')).text).toBe('1,Ã©\n2,€é\n')
    expect((await read(inPieces(bytes, 4), 'utf-8')).text).toBe('1,é\n2,\ufffd\ufffd\n')
    const long = Buffer.concat([Buffer.from('a,b\n1,2\n'), Buffer.alloc(700_000, 0xe9)])
    await expect(read(inPieces(long, 50_000))).rejects.toThrow('row 2 is longer than')
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

  it('finds as many rows before damage whatever the pieces and the reader’s speed are', async () => {
    const lines = Array.from({ length: 9_000 }, (_, i) => `${i},${randomBytes(12).toString('hex')}\n`)
    const zipped = gzipSync(Buffer.from(`a,b\n${lines.join('')}`))
    const rowsOf = async (bytes: Buffer, size: number, pauseMs: number): Promise<number> => {
      let rows = 0
      try {
        const { chunks } = await openRows(inPieces(bytes, size))
        for await (const chunk of chunks) {
          rows += chunk.rows
          if (pauseMs > 0) await sleep(pauseMs)
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'FILE_UNREADABLE' })
        return rows
      }
      return Number.NaN
    }
    let found = 0
    for (let at = 20_011; at < zipped.length - 3_000; at += 9_973) {
      const truncated = zipped.subarray(0, at)
      const damaged = Buffer.concat([truncated, Buffer.alloc(2_000, 0xff), zipped.subarray(at + 2_000)])
      for (const bytes of [truncated, damaged]) {
        const ways = [
          await rowsOf(bytes, 65_536, 0),
          await rowsOf(bytes, 1_448, 0),
          await rowsOf(bytes, 16_384, 1),
          await rowsOf(bytes, 10_000_000, 0)
        ]
        expect(new Set(ways).size, `${at}: ${ways}`).toBe(1)
        found += ways[0] as number
      }
    }
    expect(found).toBeGreaterThan(10_000)
  })

  it('reads gzip with something else behind it', async () => {
    const zipped = Buffer.concat([gzipSync(Buffer.from(text)), Buffer.alloc(20_000)])
    for (const size of [100, 1_000_000])
      expect(await read(inPieces(zipped, size))).toMatchObject({ text: text.slice(4), rows: 1_000 })
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
