import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import { string } from '../../core/serdes/string.ts'
import { diskSpace } from '../../state/disk-space.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { divideBudget } from '../../state/engines/memory-budget.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import { removeObsoleteTaskDirectories } from '../../state/obsolete-directories.ts'
import { openStore } from '../../state/open-store.ts'
import { openEngineOrSetAside, openTaskStore } from '../../state/open-task-store.ts'
import type { KeyValueStoreDefinition } from '../../state/store-definition.ts'
import type { BufferedKeyValueStore } from '../../state/stores/key-value.ts'
import { withDirectory } from './directories.ts'

type DiskEngine = 'rocksdb' | 'level'

const definition: KeyValueStoreDefinition<string, string> = {
  kind: 'key-value',
  name: 'names',
  key: string(),
  value: string(),
  logged: true,
  cached: true
}
const options = { engine: {}, store: { log: undefined } }

/** Enough that there are tables on disk, in files named by the engine. */
async function fill(kind: DiskEngine, directory: string): Promise<void> {
  const engine = await openEngine(kind, directory, { memtableBytes: 256 << 10 })
  for (let batch = 0; batch < 20; batch++)
    engine.writeBatchSync(
      Array.from({ length: 1000 }, (_, i) => ({
        key: Buffer.from(`key-${batch}-${i}`),
        value: Buffer.from(`${Math.random()}`.repeat(10))
      }))
    )
  await engine.close()
}

/** Makes it look old; an open engine may have removed it meanwhile. */
async function age(file: string): Promise<void> {
  await utimes(file, 1000, 1000).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

async function filesOf(directory: string, pattern: RegExp): Promise<string[]> {
  const found = (await readdir(directory)).filter((file) => pattern.test(file))
  expect(found.length).toBeGreaterThan(0)
  return found.map((file) => `${directory}/${file}`)
}

const damages: Record<string, (directory: string) => Promise<void>> = {
  'a truncated manifest': async (directory) => {
    for (const file of await filesOf(directory, /^MANIFEST/)) await truncate(file, 20)
  },
  'a removed table': async (directory) => {
    for (const file of await filesOf(directory, /\.(sst|ldb)$/)) await rm(file)
  },
  'a truncated table': async (directory) => {
    for (const file of await filesOf(directory, /\.(sst|ldb)$/)) await truncate(file, 100)
  },
  'a CURRENT of garbage': (directory) => writeFile(`${directory}/CURRENT`, 'garbage'),
  'an empty CURRENT': (directory) => writeFile(`${directory}/CURRENT`, '')
}

describe.each(['rocksdb', 'level'] as const)('%s', (kind) => {
  test.each(Object.keys(damages))('%s is found out, at the latest when it is read', (damage) =>
    withDirectory(async (directory) => {
      const place = `${directory}/store`
      await fill(kind, place)
      await damages[damage]?.(place)
      const read = async () => {
        const engine = await openEngine(kind, place)
        try {
          for (let i = 0; i < 20; i++) engine.getSync(Buffer.from(`key-${i}-500`))
          engine.scanSync(Buffer.alloc(0), undefined, false, 100_000)
        } finally {
          await engine.close().catch(() => undefined)
        }
      }
      await expect(read()).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    })
  )

  test.each(['a truncated manifest', 'a removed table', 'a CURRENT of garbage'])(
    '%s: the store is set aside, and an empty one takes its place',
    (damage) =>
      withDirectory(async (directory) => {
        const place = `${directory}/store`
        for (let round = 1; round <= 5; round++) {
          await fill(kind, place)
          await damages[damage]?.(place)
          const told: unknown[] = []
          const engine = await openEngineOrSetAside(kind, place, {}, (where, reason) =>
            told.push(where, reason)
          )
          expect(told).toEqual([
            `${place}.corrupt-${round}`,
            expect.objectContaining({ code: 'STORE_CORRUPT' })
          ])
          expect(engine.scanSync(Buffer.alloc(0), undefined, false, 1)).toEqual([])
          await engine.close()
        }
        const left = (await readdir(directory)).sort()
        expect(left).toEqual(['store', 'store.corrupt-3', 'store.corrupt-4', 'store.corrupt-5'])
      })
  )

  test("another engine's and another format's content is set aside", () =>
    withDirectory(async (directory) => {
      const place = `${directory}/store`
      const clock = new ManualClock(77)
      const open = () =>
        openTaskStore(definition, kind, place, { ...options, store: { log: undefined, clock } })
      const first = await open()
      expect(first.setAside).toBeUndefined()
      expect(first.store.committedAt).toBe(-1)
      const store = first.store as BufferedKeyValueStore<string, string>
      store.put('a', 'x', 1)
      store.flush()
      store.commit({ offset: 1, topicId: 't' })
      expect(store.committedAt).toBe(77)
      await store.close()
      const again = await open()
      expect([again.setAside, again.store.committedAt]).toEqual([undefined, 77])
      const metadata = Buffer.from(again.engine.getSync(Buffer.from([0])) as Buffer)
      metadata[0] = 99
      again.engine.writeBatchSync([{ key: Buffer.from([0]), value: metadata }])
      await again.engine.close()
      const third = await open()
      expect(third.setAside).toBe(`${place}.corrupt-1`)
      expect(third.store.checkpoint).toBeUndefined()
      await third.store.close()
      const other = await openTaskStore(definition, kind === 'level' ? 'rocksdb' : 'level', place, options)
      expect(other.store.checkpoint).toBeUndefined()
      await other.store.close()
    }))

  test('a full disk is told as such, and what was committed is there when there is room', () =>
    withDirectory(async (directory) => {
      const file = fileURLToPath(new URL('./disk-filler.ts', import.meta.url))
      // the engines meet the limit as they would a full disk: a write fails
      const ran = spawnSync(
        'bash',
        ['-c', `trap '' XFSZ; ulimit -f 4096; exec "$0" "$@"`, process.execPath, file, kind, directory],
        {
          encoding: 'utf8'
        }
      )
      const [code, written] = ran.stdout.trim().split(' ')
      expect([code, ran.stderr]).toEqual(['STORE_FULL', ''])
      const engine = await openEngine(kind, directory)
      const last = engine.scanSync(Buffer.from('batch'), undefined, true, 1)[0]?.key.toString()
      expect(last).toBe(`batch-${written}`)
      await engine.close()
    }))

  test('tells of itself', () =>
    withDirectory(async (directory) => {
      await fill(kind, directory)
      const engine = await openEngine(kind, directory)
      engine.scanSync(Buffer.alloc(0), undefined, false, 10_000)
      const { tableBytes, memtableBytes, stalled } = engine.properties()
      expect(tableBytes).toBeGreaterThan(100_000)
      expect(memtableBytes).toBeGreaterThan(0)
      expect(stalled).toBe(kind === 'level' ? undefined : false)
      await engine.close()
      expect(() => engine.properties()).toThrow(expect.objectContaining({ code: 'STORE_CLOSED' }))
    }))

  test('directories of tasks that nobody owns or uses are removed once they are old', () =>
    withDirectory(async (directory) => {
      const task = (name: string) => `${directory}/retail/${name}`
      for (const name of ['0_0', '0_1', '0_2', '1_0']) {
        await fill(kind, `${task(name)}/store`)
        if (name === '1_0') continue
        for (const at of [task(name), `${task(name)}/store`])
          for (const file of ['.', ...(await readdir(at))]) await age(`${at}/${file}`)
      }
      await mkdir(`${task('empty')}`, { recursive: true })
      const used = await openEngine(kind, `${task('0_1')}/store`)
      for (const file of ['.', ...(await readdir(`${task('0_1')}/store`))])
        await age(`${task('0_1')}/store/${file}`)
      const remove = (now: number) =>
        removeObsoleteTaskDirectories(directory, 'retail', new Set(['0_0']), 60_000, now)
      expect(await remove(Date.now())).toEqual(['0_2'])
      used.writeBatchSync([{ key: Buffer.from('k'), value: Buffer.from('v') }])
      await used.close()
      expect((await readdir(`${directory}/retail`)).sort()).toEqual(['0_0', '0_1', '1_0', 'empty'])
      expect(await remove(Date.now() + 120_000)).toEqual(expect.arrayContaining(['0_1', '1_0', 'empty']))
      expect(await readdir(`${directory}/retail`)).toEqual(['0_0'])
      expect(await removeObsoleteTaskDirectories(directory, 'unknown', new Set(), 0, 1)).toEqual([])
    }))
})

test('the room on a disk, and whether it is memory', async () => {
  const here = await diskSpace('.')
  expect(here.freeBytes).toBeGreaterThan(0)
  expect(here.totalBytes).toBeGreaterThan(here.freeBytes)
  if (process.platform !== 'linux') return
  const type = (path: string) => execFileSync('stat', ['-f', '-c', '%T', path], { encoding: 'utf8' }).trim()
  expect(here.temporary).toBe(type('.') === 'tmpfs')
  expect((await diskSpace('/dev/shm')).temporary).toBe(type('/dev/shm') === 'tmpfs')
})

test('a budget of memory is divided among the open stores', () => {
  expect(divideBudget(240 << 20, 4)).toEqual({
    bufferBytes: 5 << 20,
    blockCacheBytes: 5 << 20,
    memtableBytes: 5 << 20
  })
  const least = 256 << 10
  expect(divideBudget(0, 0)).toEqual({ bufferBytes: least, blockCacheBytes: least, memtableBytes: least })
  expect(divideBudget(2 ** 31, 1).memtableBytes).toBe(64 << 20)
})

test('a store whose last mark cannot be written closes its engine all the same', async () => {
  const engine = new MemoryEngine('names')
  const store = openStore({ ...definition, logged: false }, engine, options.store)
  store.put('a', 'x', 1)
  store.flush()
  store.commit(undefined)
  vi.spyOn(engine, 'writeBatchSync').mockImplementation(() => {
    throw new StreamsError('STORE_FULL', 'the disk is full')
  })
  await expect(store.close()).rejects.toThrow('the disk is full')
  expect(() => engine.getSync(Buffer.from('a'))).toThrow(expect.objectContaining({ code: 'STORE_CLOSED' }))
})
