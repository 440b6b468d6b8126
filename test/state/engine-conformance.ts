import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { describe, expect, test, vi } from 'vitest'
import type { Engine, EngineKind, WriteOperation } from '../../state/engine.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import { withDirectory } from './directories.ts'
import { Random } from './random.ts'

type Plain = readonly (readonly [string, string])[]

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const put = (key: string, value: string): WriteOperation => ({ key: bytes(key), value: bytes(value) })
const del = (key: string): WriteOperation => ({ key: bytes(key), value: null })

function scan(engine: Engine, from: string, to: string | undefined, reverse = false, limit = 1000): Plain {
  return engine
    .scanSync(bytes(from), to === undefined ? undefined : bytes(to), reverse, limit)
    .map(({ key, value }) => [key.toString('latin1'), value.toString('latin1')] as const)
}

async function withEngine(kind: EngineKind, use: (engine: Engine) => void | Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const engine = await openEngine(kind, directory)
    try {
      await use(engine)
    } finally {
      await engine.close()
    }
  })
}

/** What every engine must do. */
export function engineConformance(kind: EngineKind): void {
  describe(`${kind} engine`, () => {
    test('reads what it wrote, and undefined for absent keys', () =>
      withEngine(kind, (engine) => {
        engine.writeBatchSync([put('a', '1'), put('b', '2')])
        expect(engine.getSync(bytes('a'))?.toString()).toBe('1')
        expect(engine.getSync(bytes('c'))).toBeUndefined()
        const many = engine.multiGetSync([bytes('b'), bytes('c'), bytes('a'), bytes('b')])
        expect(many.map((value) => value?.toString())).toEqual(['2', undefined, '1', '2'])
        expect(engine.multiGetSync([])).toEqual([])
      }))

    test('takes empty keys and empty values', () =>
      withEngine(kind, (engine) => {
        engine.writeBatchSync([put('', 'empty key'), put('empty value', '')])
        expect(engine.getSync(bytes(''))?.toString()).toBe('empty key')
        expect(engine.getSync(bytes('empty value'))?.length).toBe(0)
        expect(scan(engine, '', undefined)).toEqual([
          ['', 'empty key'],
          ['empty value', '']
        ])
      }))

    test('lets a later operation of a batch win', () =>
      withEngine(kind, (engine) => {
        engine.writeBatchSync([
          put('a', '1'),
          del('a'),
          put('b', '1'),
          put('b', '2'),
          del('c'),
          put('c', '3')
        ])
        expect(scan(engine, '', undefined)).toEqual([
          ['b', '2'],
          ['c', '3']
        ])
        engine.writeBatchSync([])
      }))

    test('keeps nothing of the buffers it was given', () =>
      withEngine(kind, (engine) => {
        const key = bytes('key')
        const value = bytes('value')
        engine.writeBatchSync([{ key, value }])
        key.fill(0)
        value.fill(0)
        expect(scan(engine, '', undefined)).toEqual([['key', 'value']])
      }))

    test('orders by unsigned bytes', () =>
      withEngine(kind, (engine) => {
        const keys = [
          '\x00',
          '\x00\x00',
          '\x7f',
          '\x80',
          '\x80\x00',
          '\xff',
          '\xff\x00',
          '\xff\xff',
          'a',
          'aa',
          'b'
        ]
        engine.writeBatchSync([...keys].reverse().map((key) => put(key, '')))
        const found = scan(engine, '', undefined).map(([key]) => key)
        expect(found).toEqual(
          keys
            .map(bytes)
            .sort(Buffer.compare)
            .map((key) => key.toString('latin1'))
        )
        expect(scan(engine, '', undefined, true).map(([key]) => key)).toEqual([...found].reverse())
      }))

    test('scans from the first bound up to, not including, the second, both ways, within the limit', () =>
      withEngine(kind, (engine) => {
        engine.writeBatchSync(['a', 'b', 'ba', 'bb', 'c', 'd'].map((key) => put(key, key)))
        const keys = (...range: [string, string | undefined, boolean?, number?]) =>
          scan(engine, ...range).map(([key]) => key)
        expect(keys('b', 'c')).toEqual(['b', 'ba', 'bb'])
        expect(keys('b', 'c', true)).toEqual(['bb', 'ba', 'b'])
        expect(keys('b', undefined, false, 2)).toEqual(['b', 'ba'])
        expect(keys('', 'd', true, 2)).toEqual(['c', 'bb'])
        expect(keys('bz', 'bzz')).toEqual([])
        expect(keys('c', 'b')).toEqual([])
        expect(keys('e', undefined)).toEqual([])
      }))

    test('deletes a range, its end excluded, also after a scan', () =>
      withEngine(kind, (engine) => {
        engine.writeBatchSync(['a', 'b', 'c', 'd'].map((key) => put(key, key)))
        expect(scan(engine, '', undefined)).toHaveLength(4)
        engine.deleteRangeSync(bytes('b'), bytes('d'))
        expect(scan(engine, '', undefined).map(([key]) => key)).toEqual(['a', 'd'])
        expect(engine.getSync(bytes('c'))).toBeUndefined()
        engine.writeBatchSync([put('c', 'again')])
        expect(scan(engine, 'b', 'd')).toEqual([['c', 'again']])
      }))

    test('agrees with a plain model over random operations', () =>
      withEngine(kind, (engine) => {
        const random = new Random(7)
        const model = new Map<string, string>()
        const key = () => String.fromCharCode(random.below(256), random.below(3) * 127).slice(random.below(2))
        for (let round = 0; round < 300; round++) {
          const operations: WriteOperation[] = []
          for (let i = random.below(20); i >= 0; i--) {
            const at = key()
            if (random.below(3) === 0) {
              operations.push(del(at))
              model.delete(at)
            } else {
              operations.push(put(at, `${round}.${i}`))
              model.set(at, `${round}.${i}`)
            }
          }
          engine.writeBatchSync(operations)
          const [from, to] = [key(), key()]
          if (random.below(10) === 0) {
            engine.deleteRangeSync(bytes(from), bytes(to))
            for (const at of [...model.keys()]) if (at >= from && at < to) model.delete(at)
          }
          const limit = 1 + random.below(50)
          const expected = [...model]
            .filter(([at]) => at >= from && at < to)
            .sort(([a], [b]) => (a < b ? -1 : 1))
          expect(scan(engine, from, to, false, limit)).toEqual(expected.slice(0, limit))
          expect(scan(engine, from, to, true, limit)).toEqual(expected.reverse().slice(0, limit))
        }
      }))

    test(
      'scans and writes in turn without sorting anew each time',
      () =>
        withEngine(kind, (engine) => {
          const started = performance.now()
          const sort = vi.spyOn(Array.prototype, 'sort')
          let most = 0
          let sorts = 0
          try {
            for (let i = 0; i < 5000; i++) {
              engine.writeBatchSync([put(`${(i * 7919) % 5003}`, '')])
              most = Math.max(most, engine.scanSync(bytes('5'), undefined, false, 1).length)
            }
            sorts = sort.mock.calls.length
          } finally {
            sort.mockRestore()
          }
          expect(most).toBe(1)
          // how long it takes depends on what the machine does besides
          expect(sorts).toBeLessThan(10)
          expect(performance.now() - started).toBeLessThan(20_000)
        }),
      60_000
    )

    test('refuses calls once closed', () =>
      withEngine(kind, async (engine) => {
        await engine.close()
        const closed = expect.objectContaining({ code: 'STORE_CLOSED' })
        expect(() => engine.getSync(bytes('a'))).toThrow(closed)
        expect(() => engine.multiGetSync([bytes('a')])).toThrow(closed)
        expect(() => engine.writeBatchSync([put('a', '')])).toThrow(closed)
        expect(() => engine.scanSync(bytes(''), undefined, false, 1)).toThrow(closed)
        expect(() => engine.deleteRangeSync(bytes('a'), bytes('b'))).toThrow(closed)
        await engine.close()
      }))
  })
}

/** What an engine on disk must do besides. */
export function diskEngineConformance(kind: EngineKind): void {
  describe(`${kind} engine on disk`, () => {
    test('holds its content when opened again', () =>
      withDirectory(async (directory) => {
        const first = await openEngine(kind, directory)
        first.writeBatchSync([put('a', '1'), put('b', '2')])
        first.deleteRangeSync(bytes('a'), bytes('b'))
        await first.close()
        const second = await openEngine(kind, directory)
        expect(scan(second, '', undefined)).toEqual([['b', '2']])
        await second.close()
      }))

    test("is locked while open, by the store's name", () =>
      withDirectory(async (directory) => {
        const writer = startWriter(kind, directory)
        await writer.reached(1)
        const opening = openEngine(kind, directory, { name: 'totals' })
        await expect(opening).rejects.toMatchObject({
          code: 'STORE_LOCKED',
          message: expect.stringContaining('store totals')
        })
        await writer.kill()
      }))

    test('is locked against other threads while open, until it is closed or its thread has ended', () =>
      withDirectory(async (directory) => {
        const engine = await openEngine(kind, directory)
        expect(await openInThread(kind, directory, async () => undefined)).toBe('STORE_LOCKED')
        await engine.close()
        const held = await openInThread(kind, directory, async () => {
          await expect(openEngine(kind, directory)).rejects.toMatchObject({ code: 'STORE_LOCKED' })
        })
        expect(held).toBe('open')
        const again = await openEngine(kind, directory)
        await again.close()
      }))

    test('tells damage from other failures', () =>
      withDirectory(async (directory) => {
        const engine = await openEngine(kind, directory)
        engine.writeBatchSync([put('a', '1')])
        await engine.close()
        const { readdir, writeFile } = await import('node:fs/promises')
        for (const file of await readdir(directory))
          if (file.startsWith('MANIFEST'))
            await writeFile(`${directory}/${file}`, 'not a manifest, whatever it says')
        await expect(openEngine(kind, directory)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
        await expect(openEngine(kind, '/dev/null/store')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
      }))

    test(
      'comes back at a batch boundary after SIGKILL, with every batch that had returned',
      () =>
        withDirectory(async (directory) => {
          const random = new Random(3)
          for (let round = 0; round < 4; round++) {
            const place = `${directory}/${round}`
            const writer = startWriter(kind, place)
            await writer.reached(20 + random.below(200))
            const last = await writer.kill()
            const engine = await openEngine(kind, place)
            const markers = scan(engine, 'marker-', 'marker.')
            const [, batch] = /^marker-(\d+)$/.exec(markers[0]?.[0] ?? '') ?? []
            expect(markers).toHaveLength(1)
            expect(Number(batch)).toBeGreaterThanOrEqual(last)
            const values = scan(engine, 'key-', 'key.').map(([, value]) => value.split(' ')[0])
            expect(values).toHaveLength(200)
            expect(new Set(values)).toEqual(new Set([batch]))
            await engine.close()
          }
        }),
      60_000
    )
  })
}

/** What comes of opening it in a thread of its own, which goes on while `meanwhile` does and then ends without closing it. */
async function openInThread(
  kind: EngineKind,
  directory: string,
  meanwhile: () => Promise<void>
): Promise<string> {
  const worker = new Worker(new URL('./locking-worker.ts', import.meta.url), {
    workerData: { kind, directory }
  })
  const [outcome] = await once(worker, 'message')
  await meanwhile()
  worker.postMessage('end')
  await once(worker, 'exit')
  return outcome
}

function startWriter(kind: EngineKind, directory: string) {
  const file = fileURLToPath(new URL('./killed-writer.ts', import.meta.url))
  const child = spawn(process.execPath, [file, kind, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  let wake = () => {}
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    wake()
  })
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const last = () => Number(output.slice(0, output.lastIndexOf('\n')).split('\n').pop())
  return {
    /** Waits until the batch of that number is written. */
    async reached(batch: number): Promise<void> {
      while (last() < batch) {
        if (child.exitCode !== null) throw new Error(`the writer ended with ${child.exitCode}`)
        await new Promise<void>((resolve) => {
          wake = resolve
          setTimeout(resolve, 1000).unref()
        })
      }
    },
    /** Kills it in the middle of what it does, and tells the last batch it reported. */
    async kill(): Promise<number> {
      child.kill('SIGKILL')
      await gone
      return last()
    }
  }
}
