import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KafkaStreams, StreamsConfig } from '../../index.ts'
import { storeDirectory, taskDirectory } from '../../state/task-directory.ts'
import { storeIdentities } from '../chaos/store-identities.ts'
import { MemoryApp } from './memory-app.ts'
import { KEYS, sumsOf, sumsTopology, writeAmounts } from './sums.ts'

const changelog = 'app-sums-changelog'

let app: MemoryApp
let written: number

beforeEach(async () => {
  app = await MemoryApp.create()
  written = 0
})

afterEach(() => app.dispose())

function start(config: Partial<StreamsConfig>): Promise<KafkaStreams> {
  return app.start(sumsTopology(), { commitIntervalMs: 10, ...config })
}

async function write(times: number): Promise<void> {
  await writeAmounts(app, times)
  written += times
}

async function runOver(times: number, config: Partial<StreamsConfig>): Promise<void> {
  const streams = await start(config)
  await write(times)
  await app.caughtUp(streams)
  expect(sumsOf(streams)).toEqual(Array(KEYS).fill(written))
  await streams.close({ leaveGroup: true })
}

function restoredTasks(): string[] {
  return app.restores.filter(({ restored }) => restored > 0).map(({ task }) => task)
}

async function tables(directory: string): Promise<string[]> {
  const found = (await readdir(directory)).filter((file) => /\.(sst|ldb)$/.test(file))
  expect(found.length).toBeGreaterThan(0)
  return found.map((file) => join(directory, file))
}

const damages: Record<string, (directory: string) => Promise<void>> = {
  'a removed table': async (directory) => {
    for (const file of await tables(directory)) await rm(file)
  },
  'a truncated manifest': async (directory) => {
    for (const file of await readdir(directory))
      if (file.startsWith('MANIFEST')) await truncate(join(directory, file), 20)
  },
  // these open as if nothing were wrong with them
  'a table whose data are cut short (level)': async (directory) => {
    for (const file of await tables(directory)) await truncate(file, (await stat(file)).size - 60)
  },
  'a table with a wrong byte (rocksdb)': async (directory) => {
    for (const path of await tables(directory)) {
      const { size } = await stat(path)
      const file = await open(path, 'r+')
      // not in the first block, which is read at opening
      await file.write(Buffer.from([0xff, 0xfe, 0xfd]), 0, 3, Math.floor(size / 2))
      await file.close()
    }
  }
}

describe.each(['rocksdb', 'level'] as const)('%s', (engine) => {
  it.each(Object.keys(damages).filter((name) => !name.includes('(') || name.includes(engine)))(
    '%s: the store is set aside and rebuilt, those of the other tasks are as they were',
    async (damage) => {
      await runOver(2, { engine })
      // opening it writes to tables what was only in a log
      await runOver(0, { engine })
      const before = await storeIdentities(app.stateDirectory, engine)
      expect(before.size).toBe(4)
      await damages[damage]?.(storeDirectory(app.stateDirectory, 'app', '0_1', 'sums'))
      app.restores.length = 0
      await runOver(1, { engine })
      expect(app.log.filter((line) => line.includes('is set aside in'))).toEqual([
        expect.stringContaining('task 0_1: store "sums" cannot be used')
      ])
      expect(restoredTasks()).toEqual(['0_1'])
      const task = await readdir(taskDirectory(app.stateDirectory, 'app', '0_1'))
      expect(task.sort()).toEqual(['sums', 'sums.corrupt-1'])
      const after = await storeIdentities(app.stateDirectory, engine)
      for (const [store, identity] of before)
        if (store.includes('0_1')) expect(after.get(store)).not.toEqual(identity)
        else expect(after.get(store)).toEqual(identity)
      if (damage.includes(engine))
        expect(app.log.join('\n')).toMatch(/store sums is damaged: .*making the tasks anew/)
    }
  )

  it('a store that another process has open: all wait until it lets go of it', async () => {
    await runOver(1, { engine })
    const file = fileURLToPath(new URL('./store-holder.ts', import.meta.url))
    const holder = spawn(process.execPath, [
      file,
      engine,
      storeDirectory(app.stateDirectory, 'app', '0_1', 'sums')
    ])
    await once(holder.stdout, 'data')
    const streams = await start({ engine })
    await app.until(streams, () =>
      app.log.some((line) => /is open elsewhere.*making the tasks anew/.test(line))
    )
    expect(streams.state).toBe('REBALANCING')
    holder.stdin.end()
    await write(1)
    await app.caughtUp(streams)
    expect(sumsOf(streams)).toEqual(Array(KEYS).fill(2))
    expect(app.log.join('\n')).not.toMatch(/set aside|rebuilding/)
  })

  it.runIf(process.platform === 'linux')(
    'a full disk ends the application with STORE_FULL; with room again it goes on where it was',
    () => {
      const file = fileURLToPath(new URL('./full-disk.ts', import.meta.url))
      const { stdout, stderr } = spawnSync(process.execPath, [file, engine], { encoding: 'utf8' })
      expect(stderr).toBe('')
      expect(JSON.parse(stdout)).toEqual({
        outcome: 'STORE_FULL',
        state: 'ERROR',
        sums: KEYS,
        wrong: 0,
        rebuilt: false
      })
    }
  )
})

it('an almost full disk stops processing before it is full, and says so', async () => {
  await write(1)
  const cramped = await start({ minFreeDiskBytes: Number.MAX_SAFE_INTEGER })
  await app.until(cramped, () => cramped.state === 'RUNNING')
  await setTimeout(100)
  expect(sumsOf(cramped)).toEqual([])
  expect(app.log.join('\n')).toMatch(/only \d+ MiB are free for state in .*: processing stops/)
  await cramped.close({ leaveGroup: true })
  await runOver(1, {})
})

describe('a changelog that has changed meanwhile', () => {
  const identities = () => storeIdentities(app.stateDirectory, 'rocksdb')

  it('made anew, empty: the stores start over, empty', async () => {
    await runOver(3, {})
    const before = await identities()
    app.broker.deleteTopicSync(changelog)
    const streams = await start({})
    await write(2)
    await app.caughtUp(streams)
    expect(sumsOf(streams)).toEqual(Array(KEYS).fill(2))
    await streams.close()
    expect(app.log.filter((line) => line.includes('the topic was made anew'))).toHaveLength(4)
    const after = await identities()
    for (const [store, { content }] of before) expect(after.get(store)?.content).not.toBe(content)
  })

  it('grown past our offset by another instance: its tail is restored', async () => {
    await runOver(3, {})
    const before = await identities()
    const first = app.stateDirectory
    app.restores.length = 0
    // an instance of the same application, elsewhere
    await runOver(5, { stateDirectory: join(first, 'elsewhere') })
    const ends = app.broker.topic(changelog).logs.map(({ endOffset }) => endOffset)
    app.restores.length = 0
    await runOver(1, {})
    expect(app.log.join('\n')).not.toMatch(/rebuilding/)
    expect(restoredTasks().sort()).toEqual(['0_0', '0_1', '0_2', '0_3'])
    for (const { restored, task } of app.restores)
      expect(restored).toBeLessThan((ends[Number(task.slice(2))] ?? 0) / 2 + 30)
    const after = await identities()
    for (const [store, identity] of before) expect(after.get(store)).toEqual(identity)
  })

  it('grown, and cut off in front of what we had not read: the stores are rebuilt from what is left', async () => {
    await runOver(3, {})
    const elsewhere = join(app.stateDirectory, 'elsewhere')
    await runOver(5, { stateDirectory: elsewhere })
    const admin = app.client.admin('meddler')
    // one record of each partition is left: the last one, and its marker
    const logs = app.broker.topic(changelog).logs
    await admin.deleteRecords(
      logs.map(({ partition, endOffset }) => ({ topic: changelog, partition, offset: endOffset - 2 }))
    )
    const streams = await start({})
    await app.until(streams, () => streams.state === 'RUNNING')
    expect(sumsOf(streams)).toEqual([8, 8, 8, 8])
    expect(app.log.filter((line) => /it begins at \d+, after the store's/.test(line))).toHaveLength(4)
    await streams.close()
  })
})
