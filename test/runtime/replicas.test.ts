import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type KafkaStreams,
  type RestoreProgress,
  StreamsBuilder,
  type StreamsConfig,
  string,
  type Topology,
  topic
} from '../../index.ts'
import { MemoryApp } from './memory-app.ts'
import {
  activeTasks as active,
  expectExactCounts as expectExact,
  KEYS,
  keyed,
  PARTITIONS,
  rekeyed,
  wordTopics
} from './word-counts.ts'

const { words, counts } = wordTopics('')

let app: MemoryApp
let directories: string[]
let written: number

beforeEach(async () => {
  app = await MemoryApp.create()
  directories = []
  written = 0
})

afterEach(async () => {
  await app.dispose()
  await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })))
})

/** A process with a state directory of its own. */
async function replica(topology: Topology, config: Partial<StreamsConfig> = {}) {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-replica-'))
  directories.push(stateDirectory)
  const restores: RestoreProgress[] = []
  const streams = await app.start(topology, {
    stateDirectory,
    engine: 'memory',
    // every update is told
    cacheMaxBytes: 0,
    commitIntervalMs: 10,
    maxWarmupReplicas: PARTITIONS,
    sessionTimeoutMs: 300,
    onRestore: (progress) => {
      if (progress.done) restores.push(progress)
    },
    ...config
  })
  return { streams, restores, stateDirectory: config.stateDirectory ?? stateDirectory }
}

/** Writes each key so many times more. */
async function write(times: number): Promise<void> {
  const rows = Array.from({ length: times * KEYS }, (_, n) => ({
    key: `k${n % KEYS}`,
    value: `w${n % KEYS}`,
    timestamp: written + n
  }))
  await app.write(words, rows)
  written += rows.length
}

/** Writes while `work` goes on. */
async function writingDuring<T>(work: Promise<T>): Promise<T> {
  let done = false
  const ended = work.finally(() => {
    done = true
  })
  ended.catch(() => undefined)
  while (!done) {
    await write(1)
    await setTimeout(2)
  }
  return ended
}

function copies(streams: KafkaStreams) {
  return streams.tasks().filter(({ role }) => role !== 'active')
}

function expectExactCounts(): void {
  expectExact(
    app.read(counts).map(({ decoded }) => decoded),
    written
  )
}

describe('replicas', () => {
  it('share the tasks, hand them over when one leaves, and count each record once', async () => {
    await write(20)
    const first = await replica(rekeyed())
    await writingDuring(app.until(first.streams, () => active(first.streams).length === 2 * PARTITIONS))
    const second = await replica(rekeyed())
    await writingDuring(
      app.until(
        second.streams,
        () => active(second.streams).length === PARTITIONS && active(first.streams).length === PARTITIONS
      )
    )
    const all = [...active(first.streams), ...active(second.streams)]
    expect(new Set(all).size).toBe(2 * PARTITIONS)
    // both kinds are shared
    for (const { streams } of [first, second])
      expect(active(streams).filter((id) => id.startsWith('1_'))).toHaveLength(PARTITIONS / 2)

    await writingDuring(first.streams.close({ leaveGroup: true }))
    await writingDuring(app.until(second.streams, () => active(second.streams).length === 2 * PARTITIONS))
    await app.caughtUp(second.streams)
    expectExactCounts()
  }, 20_000)

  it('move a task only once its new home is warm, and those that stay never stop', async () => {
    let commits = 0
    const settings = { acceptableRecoveryLag: 10, maxWarmupReplicas: 2 }
    const first = await replica(keyed(), {
      ...settings,
      onCommitPoint: (point) => {
        if (point === 'after step 5') commits++
      }
    })
    await write(200)
    await app.caughtUp(first.streams)
    const second = await replica(keyed(), settings)
    let warmed = 0
    let mostCold = 0
    // commits of the first one that it took until a record was counted, by partition, from one record to the next
    const waits = new Map<number, number>()
    const outputs = () => new Map(app.read(counts).map(({ partition, offset }) => [partition, offset]))
    while (active(second.streams).length < PARTITIONS / 2 || active(first.streams).length > PARTITIONS / 2) {
      const before = outputs()
      const begun = commits
      await write(1)
      warmed = Math.max(warmed, copies(second.streams).length)
      const cold = copies(second.streams).filter(({ lag }) => lag === undefined || lag > 100)
      mostCold = Math.max(mostCold, cold.length)
      const waiting = new Set(before.keys())
      for (let turn = 0; turn < 10 && waiting.size > 0; turn++) {
        await setTimeout(5)
        for (const [partition, offset] of outputs()) {
          if (!waiting.has(partition) || offset === before.get(partition)) continue
          waiting.delete(partition)
          waits.set(partition, Math.max(waits.get(partition) ?? 0, commits - begun))
        }
      }
      for (const partition of waiting) waits.set(partition, Number.POSITIVE_INFINITY)
    }
    await app.caughtUp(second.streams)
    expectExactCounts()
    expect(warmed).toBeGreaterThan(0)
    expect(mostCold).toBeLessThanOrEqual(2)
    const stayed = active(first.streams).map((id) => Number(id.slice(2)))
    expect(stayed).toHaveLength(PARTITIONS / 2)
    for (const partition of stayed) expect(waits.get(partition), `${partition}`).toBeLessThan(10)
    // its copy was warm: what was left is far less than the 1,000 records of a partition
    for (const { restored, task } of second.restores) expect(restored, task).toBeLessThan(100)
  }, 20_000)

  it('take over from standbys, which lack next to nothing', async () => {
    const settings = { numStandbyReplicas: 1 }
    const first = await replica(keyed(), settings)
    const second = await replica(keyed(), settings)
    await write(100)
    await app.until(second.streams, () => active(second.streams).length === PARTITIONS / 2)
    const warm = () => copies(second.streams).filter(({ lag }) => lag !== undefined && lag < 20)
    await writingDuring(app.until(second.streams, () => warm().length === PARTITIONS / 2))
    // stateful tasks have their copy at the other
    expect(
      warm()
        .map(({ id }) => id)
        .sort()
    ).toEqual(active(first.streams))
    const metric = await second.streams.metrics.registry.getSingleMetricAsString(
      'streams_standby_lag_records'
    )
    expect(metric.match(/task="/g)).toHaveLength(PARTITIONS / 2)

    second.restores.length = 0
    // not a word to the group
    await writingDuring(first.streams.close())
    const lags = new Map(copies(second.streams).map(({ id, lag }) => [id, lag ?? 0]))
    expect(lags.size).toBe(PARTITIONS / 2)
    await writingDuring(app.until(second.streams, () => active(second.streams).length === PARTITIONS))
    await app.caughtUp(second.streams)
    expectExactCounts()
    for (const { task, restored } of second.restores)
      expect(restored, task).toBeLessThanOrEqual(lags.get(task) as number)
  }, 20_000)

  it('that had a task before go on with it; copies keep their folders', async () => {
    const settings = {
      engine: 'auto',
      stateCleanupDelayMs: 20,
      numStandbyReplicas: 1,
      sessionTimeoutMs: 30_000
    } as const
    const first = await replica(keyed(), settings)
    await write(10)
    await app.caughtUp(first.streams)
    const second = await replica(keyed(), settings)
    const shared = () => [first, second].every(({ streams }) => active(streams).length === PARTITIONS / 2)
    await writingDuring(app.until(second.streams, shared))
    const warm = () => copies(first.streams).every(({ lag, lagMs }) => lag === 0 && lagMs === 0)
    await app.until(first.streams, () => copies(first.streams).length === PARTITIONS / 2 && warm())
    // longer than what nobody needs is kept
    await setTimeout(100)
    const folders = await readdir(join(first.stateDirectory, app.applicationId))
    expect(folders.filter((name) => /^\d+_\d+$/.test(name))).toHaveLength(PARTITIONS)

    await writingDuring(second.streams.close({ leaveGroup: true }))
    await writingDuring(app.until(first.streams, () => active(first.streams).length === PARTITIONS))
    await app.caughtUp(first.streams)
    await first.streams.close()
    const again = await replica(keyed(), { ...settings, stateDirectory: first.stateDirectory })
    await app.until(again.streams, () => active(again.streams).length === PARTITIONS)
    // what was written here before a task was elsewhere is not taken for where its store stands
    expect(again.restores.map(({ restored }) => restored).filter((records) => records > 0)).toEqual([])
    expectExactCounts()
  }, 20_000)

  it('that are restarted one after the other keep their tasks', async () => {
    const settings = { sessionTimeoutMs: 30_000, numStandbyReplicas: 1 }
    const places = await Promise.all([1, 2, 3].map(() => replica(rekeyed(), settings)))
    const shares = () => places.map(({ streams }) => active(streams))
    const balanced = () => {
      const all = shares()
      return all.flat().length === 2 * PARTITIONS && all.every(({ length }) => length >= 5)
    }
    await app.until((places[0] as { streams: KafkaStreams }).streams, balanced)
    const before = shares()
    const generations = () => app.broker.group(app.applicationId).members.generation
    const generation = generations()
    for (const [index, { streams, stateDirectory }] of places.entries()) {
      await streams.close()
      await write(1)
      const again = await replica(rekeyed(), { ...settings, stateDirectory })
      places[index] = again
      await app.until(again.streams, () => active(again.streams).length >= 5)
      expect(shares()).toEqual(before)
    }
    expect(generations()).toBe(generation)
    for (const { streams } of places) await app.caughtUp(streams)
    expectExactCounts()
  }, 20_000)

  it('run all tasks when the leader is restarted after it gave some up, before it joined again', async () => {
    const copy = topic('copies', { key: words.key, value: words.value, partitions: PARTITIONS })
    const builder = new StreamsBuilder()
    builder.stream(words).to(copy)
    const copied = builder.build()
    const config = { sessionTimeoutMs: 30_000 }
    let closed: Promise<unknown> | undefined
    const logger = {
      info: (text: string) => {
        if (text.startsWith(`assigned: ${PARTITIONS / 2} active`)) closed ??= first.streams.close()
      },
      warn: () => undefined,
      error: () => undefined
    }
    const first = await replica(copied, { ...config, logger })
    await app.until(first.streams, () => active(first.streams).length === PARTITIONS)
    const second = await replica(copied, config)
    await app.until(second.streams, () => closed !== undefined)
    await closed
    const again = await replica(copied, { ...config, stateDirectory: first.stateDirectory })
    const both = [again.streams, second.streams]
    await app.until(second.streams, () => both.every((one) => active(one).length === PARTITIONS / 2))
    await write(1)
    for (const one of both) await app.caughtUp(one)
    expect(app.read(copy)).toHaveLength(written)
  }, 20_000)

  it('whose task was rebuilt go on with it, and tell each change once', async () => {
    const { streams } = await replica(keyed())
    await write(5)
    await app.caughtUp(streams)
    await writingDuring(Promise.all(active(streams).map((id) => streams.rebuildTask(id))))
    await write(5)
    await app.caughtUp(streams)
    expectExactCounts()
  }, 20_000)

  it('tell each other who has what, and where a key is', async () => {
    const replicas: KafkaStreams[] = []
    for (const applicationServer of ['one.example:80', 'two.example:80'])
      replicas.push((await replica(keyed(), { applicationServer, numStandbyReplicas: 1 })).streams)
    const [first, second] = replicas as [KafkaStreams, KafkaStreams]
    await write(1)
    const shared = () => replicas.every((one) => active(one).length === PARTITIONS / 2)
    const copied = () => replicas.every((one) => copies(one).length === PARTITIONS / 2)
    await app.until(second, () => shared() && copied())
    const held = (endpoint: string, streams: KafkaStreams) => ({
      endpoint,
      active: active(streams),
      standby: copies(streams)
        .map(({ id }) => id)
        .sort()
    })
    const expected = [held('one.example:80', first), held('two.example:80', second)]
    for (const one of replicas) {
      const told = one.metadataForAllClients().map(({ endpoint, active, standby }) => ({
        endpoint,
        active: [...active].sort(),
        standby: [...standby].sort()
      }))
      expect(told.sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1))).toEqual(expected)
      await app.caughtUp(one)
      for (let n = 0; n < KEYS; n++) {
        const { activeHost, standbyHosts } = one.queryMetadataForKey('counts', `k${n}`, string())
        const [owner, other] = activeHost === 'one.example:80' ? [first, second] : [second, first]
        const values = owner.keyValueStores('counts').map((store) => store.get(`k${n}`))
        expect(values.filter((value) => value !== null)).toEqual([1])
        expect(standbyHosts).toEqual([other === first ? 'one.example:80' : 'two.example:80'])
      }
    }
    expect(() => first.queryMetadataForKey('none', 'k', string())).toThrow('no store "none"')
  }, 20_000)

  it('of a single process get their tasks anew when its graph has changed', async () => {
    const first = await replica(keyed(), { sessionTimeoutMs: 30_000 })
    await write(1)
    await app.caughtUp(first.streams)
    await first.streams.close()
    const { stateDirectory } = first
    const changed = await replica(rekeyed(), { stateDirectory, sessionTimeoutMs: 30_000 })
    await app.until(changed.streams, () => active(changed.streams).length === 2 * PARTITIONS)
  }, 20_000)

  it('that accept any lag come back to what is on their disk', async () => {
    const config = { acceptableRecoveryLag: Number.POSITIVE_INFINITY, engine: 'auto' as const }
    const first = await replica(keyed(), config)
    await write(1)
    await app.caughtUp(first.streams)
    await first.streams.close({ leaveGroup: true })
    const again = await replica(keyed(), { ...config, stateDirectory: first.stateDirectory })
    await write(1)
    await app.caughtUp(again.streams)
    expect(again.restores.filter(({ restored }) => restored > 0)).toEqual([])
    expectExactCounts()
  }, 20_000)

  it('do not mix graphs: a member with another one is told so, and the others go on', async () => {
    const first = await replica(rekeyed())
    await app.until(first.streams, () => active(first.streams).length === 2 * PARTITIONS)
    const other = await replica(keyed())
    await expect(other.streams.finished).rejects.toMatchObject({
      code: 'TOPOLOGY_CHANGED',
      message: expect.stringContaining('runs another graph')
    })
    await write(3)
    await app.caughtUp(first.streams)
    expect(active(first.streams)).toHaveLength(2 * PARTITIONS)
    expectExactCounts()
  }, 20_000)
})
