import { describe, expect, it } from 'vitest'
import { type RowChunk, RowSplitter, type RowSplitterOptions } from '../../ingest/csv/row-splitter.ts'
import { parseRows } from '../../processors/retail/csv/parse-rows.ts'
import { countRows, withoutRows } from '../../processors/retail/csv/row-count.ts'

interface Split {
  readonly header: string | undefined
  readonly chunks: RowChunk[]
}

function split(pieces: readonly Buffer[], options?: RowSplitterOptions): Split {
  const splitter = new RowSplitter(options)
  const chunks = pieces.flatMap((piece) => splitter.push(piece))
  chunks.push(...splitter.end())
  return { header: splitter.header?.toString(), chunks }
}

function splitText(text: string, options?: RowSplitterOptions): Split {
  return split([Buffer.from(text, 'utf8')], options)
}

/** The rows that a parser finds in the chunks, by their numbers. */
function rowsOf(chunks: readonly RowChunk[]): [number, string][] {
  const rows: [number, string][] = []
  for (const { content, firstRow } of chunks)
    parseRows(content.toString(), firstRow, {
      row: (_fields, row, line) => rows.push([row, line]),
      malformed: (_reason, row, line) => rows.push([row, line])
    })
  return rows
}

const oddities = [
  'id,"the\nname",n\r\n',
  '1,"two\nlines",3\n',
  '2,"a ""quoted"" word\r\nand more",3\r\n',
  '\n\r\n',
  '3,čárka – €,🙂\n',
  '4,a "stray" quote,3\n',
  '5,"",""\n',
  '6,"closed"badly,3\n',
  '7,last without newline,3'
].join('')

describe('RowSplitter', () => {
  it('keeps quoted line breaks, numbers rows without the blank lines, takes the header off', () => {
    const { header, chunks } = splitText(oddities)
    expect(header).toBe('id,"the\nname",n')
    expect(chunks).toHaveLength(1)
    expect(chunks[0]).toMatchObject({ firstRow: 1, rows: 7 })
    expect(rowsOf(chunks).map(([row, text]) => [row, text.slice(0, 2)])).toEqual([
      [1, '1,'],
      [2, '2,'],
      [3, '3,'],
      [4, '4,'],
      [5, '5,'],
      [6, '6,'],
      [7, '7,']
    ])
    expect(chunks[0]?.end).toBe(Buffer.byteLength(oddities))
  })

  it('makes the same chunks wherever the bytes are divided', () => {
    const bytes = Buffer.from(oddities, 'utf8')
    const options = { chunkBytes: 40 }
    const whole = split([bytes], options)
    expect(whole.chunks.length).toBeGreaterThan(3)
    for (let at = 0; at <= bytes.length; at++)
      expect(split([bytes.subarray(0, at), bytes.subarray(at)], options)).toEqual(whole)
    expect(
      split(
        Array.from(bytes, (byte) => Buffer.of(byte)),
        options
      )
    ).toEqual(whole)
  })

  it('cuts chunks below their size, at row ends, without losing a byte', () => {
    const rows = Array.from({ length: 5_000 }, (_, i) => `${i},${'x'.repeat(i % 90)}\r\n`)
    const { chunks } = splitText(`a,b\r\n${rows.join('')}`, { chunkBytes: 4_096 })
    expect(Buffer.concat(chunks.map(({ content }) => content)).toString()).toBe(rows.join(''))
    expect(Math.max(...chunks.map(({ content }) => content.length))).toBeLessThanOrEqual(4_096)
    let next = 1
    for (const { firstRow, rows: count, content } of chunks) {
      expect(firstRow).toBe(next)
      expect(countRows(content.toString())).toBe(count)
      next += count
    }
    expect(next).toBe(5_001)
  })

  it('gives no rows for an empty file, and none for a header line alone', () => {
    expect(splitText('')).toEqual({ header: undefined, chunks: [] })
    expect(splitText('\n\r\n\n')).toEqual({ header: undefined, chunks: [] })
    expect(splitText('a,b')).toEqual({ header: 'a,b', chunks: [] })
    expect(splitText('\n\na,b\r\n\n')).toEqual({ header: 'a,b', chunks: [] })
    expect(splitText('a\n1').chunks).toEqual([{ content: Buffer.from('1'), firstRow: 1, rows: 1, end: 3 }])
  })

  it('ends a row whose quote is never closed at its line break', () => {
    const { chunks } = splitText('a,b\n1,"open\n2,fine\n3,"fine, too"\n4,fine\n')
    expect(rowsOf(chunks).map(([, text]) => text)).toEqual(['1,"open', '2,fine', '3,"fine, too"', '4,fine'])
    const long = `a,b\n1,"open\n${'2,fine\n'.repeat(1_000)}`
    expect(rowsOf(splitText(long, { maxRowBytes: 500, chunkBytes: 200 }).chunks)).toHaveLength(1_001)
  })

  it('refuses a row beyond the limit, and a header line', () => {
    const text = `a,b\n1,2\n3,${'x'.repeat(2_000)}`
    expect(() => splitText(text, { maxRowBytes: 1_000 })).toThrow('row 2 is longer than 1000 bytes')
    expect(() => splitText(`${text}\n`, { maxRowBytes: 1_000 })).toThrow(
      expect.objectContaining({ code: 'FILE_UNREADABLE' })
    )
    expect(() => splitText('a,'.repeat(5_000))).toThrow('header line is longer')
    expect(splitText(`a,"b\n${'1,2\n'.repeat(5_000)}`).header).toBe('a,"b')
  })

  it('counts, whatever the text, the rows that the parser finds in its chunks', () => {
    const next = randomNumbers(7)
    const alphabet = ['"', '"', '""', ',', ',', '\n', '\n', '\r\n', '\r', 'a', 'é', ',"', '",', '"\n']
    for (let round = 0; round < 1_500; round++) {
      let text = 'h\n'
      for (let i = next(30); i >= 0; i--) text += alphabet[next(alphabet.length)]
      const bytes = Buffer.from(text, 'utf8')
      const at = next(bytes.length)
      const options = { chunkBytes: 1 + next(12), maxRowBytes: 40 }
      const parts = split([bytes.subarray(0, at), bytes.subarray(at)], options)
      const whole = split([bytes], options)
      expect(parts, JSON.stringify(text)).toEqual(whole)
      const any = round % Math.max(whole.chunks.length, 1)
      const chunk = whole.chunks[any]
      if (chunk !== undefined) expect(goOn(bytes, chunk, options)).toEqual(whole.chunks.slice(any + 1))
      const oneChunk = split([bytes], { maxRowBytes: 40 })
      expect(rowsOf(whole.chunks), JSON.stringify(text)).toEqual(rowsOf(oneChunk.chunks))
      for (const { content, rows: count } of whole.chunks) expect(countRows(content.toString())).toBe(count)
      expect(rowsOf(whole.chunks).map(([row]) => row)).toEqual(
        Array.from({ length: whole.chunks.reduce((sum, { rows }) => sum + rows, 0) }, (_, i) => i + 1)
      )
    }
  })
})

describe('RowSplitter, going on', () => {
  const bytes = Buffer.from(`a;b\n${Array.from({ length: 500 }, (_, i) => `${i};"x;\ny"\n\n`).join('')}`)
  const options = { chunkBytes: 300 }

  it('tells the delimiter from the header line', () => {
    for (const delimiter of [',', ';', '\t', '|'] as const) {
      const splitter = new RowSplitter()
      splitter.push(Buffer.from(`"a,b,c;|"${delimiter}b${delimiter}c\n1,2\n`))
      expect(splitter.delimiter).toBe(delimiter)
    }
  })

  it('finds the same chunks from the end of any of them, and after any row', () => {
    const { chunks } = split([bytes], options)
    expect(chunks.length).toBeGreaterThan(10)
    for (const [i, chunk] of chunks.entries()) {
      expect(goOn(bytes, chunk, options, ';')).toEqual(chunks.slice(i + 1))
      const skipRows = chunk.firstRow - 1 + chunk.rows
      expect(split([bytes], { ...options, skipRows }).chunks).toEqual(chunks.slice(i + 1))
    }
  })

  it('stops after the last row that is wanted', () => {
    for (const lastRow of [1, 7, 499, 500]) {
      const { chunks } = split([bytes], { ...options, skipRows: 0, lastRow })
      const last = chunks.at(-1)
      expect((last?.firstRow ?? 0) - 1 + (last?.rows ?? 0)).toBe(lastRow)
    }
  })
})

/** What follows a chunk when a splitter begins there. */
function goOn(
  bytes: Buffer,
  { end, firstRow, rows }: RowChunk,
  options: RowSplitterOptions,
  resumed: ',' | ';' = ','
): RowChunk[] {
  return split([bytes.subarray(end)], { ...options, at: end, skipRows: firstRow - 1 + rows, resumed }).chunks
}

describe('withoutRows', () => {
  it('drops whole rows', () => {
    const text = '1,"a\nb"\n\n2,c\n3,d'
    expect(withoutRows(text, 0)).toBe(text)
    expect(withoutRows(text, 1)).toBe('\n2,c\n3,d')
    expect(withoutRows(text, 2)).toBe('3,d')
    expect(withoutRows(text, 9)).toBe('')
  })
})

/** The same numbers each time: a linear congruential generator. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
